// DynamoDB for tests, on loopback: dynalite with tables that are there at once.
//
//   node dynalite.mjs
//
// It prints "listening PORT", and ends on SIGTERM and when its standard input ends.
import dynalite from 'dynalite';

const server = dynalite({createTableMs: 0, deleteTableMs: 0, updateTableMs: 0});
// Its own listener for a request's errors throws them, so that a client that gives up in the middle of its request would end the
// server for all others.
server.prependListener('request', (request) => {
  const on = request.on;
  request.on = function (event, listener) {
    return on.call(this, event, event === 'error' ? () => {} : listener);
  };
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
