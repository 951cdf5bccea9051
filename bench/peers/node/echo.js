// An echo server on ws. It checks that text is UTF-8.
//
//   node echo.js PORT [compress]
'use strict';
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  backlog: 4096,
  maxPayload: 64 << 20,
  perMessageDeflate: process.argv[3] === 'compress',
  skipUTF8Validation: false,
});
server.on('connection', (socket) => {
  socket.on('error', () => {}); // how a connection ends is its peer's business
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
});
