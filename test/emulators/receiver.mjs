// An HTTPS or HTTP receiver that misbehaves on request, for the tests of what sends over HTTP. Plain Node, no packages.
//
//   node receiver.mjs [SCRIPT.json]
//
// It listens on loopback, prints "listening PORT", and then one JSON object a line for each request, in the order in which
// they were complete:
//
//   {"method", "path", "headers", "body", "sha256", "connection", "httpVersion", "status", "fault", "ms"}
//
// body is text where it is valid UTF-8, else bodyBase64 stands in its place; sha256 is of the body's bytes, in hexadecimal;
// connection counts the TCP connections from 1; ms is the time since the start. A request whose sender goes away before it
// is complete has "aborted": true and no answer. It ends on SIGTERM, and when its standard input ends.
//
// The script, every key optional:
//
//   {"port": 0,                       port to listen on; 0 takes a free one
//    "cert": FILE, "key": FILE,       PEM files: serve TLS, HTTP/2 or HTTP/1.1 as ALPN agrees; without them HTTP/1.1
//    "http2": true,                   offer HTTP/2 in ALPN
//    "logBody": true,                 false leaves body out of the log
//    "order": "once",                 once: the answers in turn, then status 200 for ever; cycle: again and again;
//                                     random: by "share" of the answers, the rest status 200
//    "seed": 1,                       for random: the same seed gives the same answers
//    "answers": [{
//      "status": 200, "headers": {"Retry-After": "1"}, "body": "text",
//      "times": 1,                    for once and cycle: how many requests in a row get it
//      "share": 0.1,                  for random: the part of the requests that get it
//      "delay": 0,                    milliseconds between the request and the answer
//      "fault": "reset"}]}            reset: destroy the connection instead of answering; half: send the head and half
//                                     the body, then destroy it; hang: never answer
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';

const known = {
  script: ['port', 'cert', 'key', 'http2', 'logBody', 'order', 'seed', 'answers'],
  answer: ['status', 'headers', 'body', 'times', 'share', 'delay', 'fault'],
};

function refuse(reason) {
  console.error(`receiver: ${reason}`);
  process.exit(2);
}

function readScript(file) {
  if (!file) return {};
  let script;
  try {
    script = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    refuse(`read ${file}: ${error.message}`);
  }
  const unknown = (object, keys) => Object.keys(object).find((key) => !keys.includes(key));
  const key = unknown(script, known.script) ?? (script.answers ?? []).map((a) => unknown(a, known.answer)).find(Boolean);
  if (key) refuse(`${file}: unknown key ${key}`);
  if (!['once', 'cycle', 'random'].includes(script.order ?? 'once')) refuse(`${file}: order is once, cycle or random`);
  for (const {fault} of script.answers ?? []) {
    if (fault !== undefined && !['reset', 'half', 'hang'].includes(fault)) refuse(`${file}: fault is reset, half or hang`);
  }
  return script;
}

// mulberry32: a small generator with a seed, so that a run can be repeated.
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

// answering returns the function that gives the answer to the next request.
function answering({order = 'once', seed = 1, answers = []}) {
  if (order === 'random') {
    const random = generator(seed);
    return () => {
      let x = random();
      return answers.find(({share = 0}) => (x -= share) < 0) ?? {};
    };
  }
  const sequence = answers.flatMap((answer) => Array(answer.times ?? 1).fill(answer));
  let next = 0;
  return () => {
    if (next >= sequence.length && order === 'cycle') next = 0;
    return sequence[next++] ?? {};
  };
}

const script = readScript(process.argv[2]);
const nextAnswer = answering(script);
const start = performance.now();
const utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const connections = new Map(); // remote port → number of the connection; a port in use names one connection
let opened = 0;

function text(bytes) {
  try {
    return {body: utf8.decode(bytes)};
  } catch {
    return {bodyBase64: bytes.toString('base64')};
  }
}

function log(request, connection, chunks, rest) {
  const bytes = Buffer.concat(chunks);
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith(':')));
  const line = {
    method: request.method,
    path: request.url,
    headers,
    ...(script.logBody === false ? {} : text(bytes)),
    sha256: createHash('sha256').update(bytes).digest('hex'),
    connection,
    httpVersion: request.httpVersion,
    ...rest,
    ms: Math.round(performance.now() - start),
  };
  process.stdout.write(JSON.stringify(line) + '\n');
}

function destroy(request) {
  if (request.httpVersionMajor === 2) request.stream.session?.destroy();
  else if (request.socket.encrypted) request.socket.destroy();
  else request.socket.resetAndDestroy(); // RST, where TLS can only close
}

function answer(request, response, {status = 200, headers = {}, body = '', fault}) {
  if (fault === 'hang' || response.destroyed) return;
  if (fault === 'reset') return destroy(request);
  const bytes = Buffer.from(body || (fault === 'half' ? 'half of this body is sent' : ''));
  response.writeHead(status, {'content-length': bytes.length, ...headers});
  if (fault !== 'half') return response.end(bytes);
  // The other side has the head and the half before the connection goes.
  response.write(bytes.subarray(0, bytes.length / 2), () => setTimeout(() => destroy(request), 10));
}

function receive(request, response) {
  const connection = connections.get(request.socket.remotePort);
  const chunks = [];
  let complete = false;
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    complete = true;
    const next = nextAnswer();
    const status = next.fault === 'reset' || next.fault === 'hang' ? {} : {status: next.status ?? 200};
    log(request, connection, chunks, {...status, fault: next.fault});
    if (next.delay) setTimeout(() => answer(request, response, next), next.delay);
    else answer(request, response, next);
  });
  const aborted = () => {
    if (!complete) log(request, connection, chunks, {aborted: true});
    complete = true;
  };
  request.on('aborted', aborted);
  request.on('error', aborted);
  response.on('error', () => {});
}

function serve() {
  if (!script.cert) return http.createServer({keepAliveTimeout: 60_000}, receive);
  const cert = readFileSync(script.cert);
  const key = readFileSync(script.key);
  if (script.http2 === false) return https.createServer({cert, key, keepAliveTimeout: 60_000}, receive);
  return http2.createSecureServer({cert, key, allowHTTP1: true}, receive);
}

const server = serve();
server.on('connection', (socket) => {
  connections.set(socket.remotePort, ++opened);
  socket.on('close', () => connections.delete(socket.remotePort));
  socket.on('error', () => {});
});
server.on('sessionError', () => {});
server.on('tlsClientError', () => {});
server.on('error', (error) => refuse(error.message));
server.listen(script.port ?? 0, '127.0.0.1', () => process.stdout.write(`listening ${server.address().port}\n`));

const stop = () => process.exit(0);
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdin.on('end', stop);
process.stdin.on('error', stop);
process.stdin.resume();
