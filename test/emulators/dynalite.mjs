// DynamoDB for tests, on loopback: dynalite with tables that are there at once.
//
//   node dynalite.mjs
//
// It prints "listening PORT", and ends on SIGTERM and when its standard input ends.
import dynalite from 'dynalite';

const server = dynalite({createTableMs: 0, deleteTableMs: 0, updateTableMs: 0});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
