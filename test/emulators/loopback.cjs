// loopback makes a server listen on 127.0.0.1, whatever address it asks for. Preload it: node --require loopback.cjs SERVER.
'use strict'
const { Server } = require('node:net')

const listen = Server.prototype.listen
Server.prototype.listen = function (first, ...rest) {
  if (typeof first === 'object' && first !== null && first.port !== undefined) {
    return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest)
  }
  if (typeof first === 'number' || typeof first === 'string' && /^[0-9]+$/.test(first)) {
    const callback = rest.find((argument) => typeof argument === 'function')
    return listen.call(this, { port: Number(first), host: '127.0.0.1' }, callback)
  }
  return listen.call(this, first, ...rest)
}
