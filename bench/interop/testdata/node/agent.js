// An agent of the interop tests: see agent_test.go. Commands come in on standard
// input, reports go out on standard output, one JSON object a line.
'use strict';

const fs = require('fs');
const http = require('http');
const https = require('https');
const readline = require('readline');
const { WebSocket, WebSocketServer } = require('ws');

const conns = new Map();
const servers = new Map();
let accepted = 1 << 20; // numbers of accepted connections

const report = (r) => process.stdout.write(JSON.stringify(r) + '\n');

// deflate turns a policy into the options of ws. 0 and false are its defaults.
function deflate(p) {
  if (!p) return false;
  const o = { threshold: 0 };
  if (p.ServerNoContextTakeover) o.serverNoContextTakeover = true;
  if (p.ClientNoContextTakeover) o.clientNoContextTakeover = true;
  if (p.ServerMaxWindowBits) o.serverMaxWindowBits = p.ServerMaxWindowBits;
  if (p.ClientMaxWindowBits) o.clientMaxWindowBits = p.ClientMaxWindowBits;
  return o;
}

function watch(conn, ws) {
  conns.set(conn, ws);
  ws.on('message', (data, binary) =>
    report({ event: 'message', conn, text: !binary, data: data.toString('base64') }));
  ws.on('pong', (data) => report({ event: 'pong', conn, data: data.toString('base64') }));
  ws.on('error', () => {}); // 'close' follows
  ws.on('close', (code, reason) => {
    conns.delete(conn);
    report({ event: 'closed', conn, code, reason: reason.toString() });
  });
}

const commands = {
  serve(c) {
    const server = c.certFile
      ? https.createServer({ cert: fs.readFileSync(c.certFile), key: fs.readFileSync(c.keyFile) })
      : http.createServer();
    const known = c.subprotocols || [];
    const wss = new WebSocketServer({
      server,
      perMessageDeflate: deflate(c.deflate),
      handleProtocols: (offered) => known.find((p) => offered.has(p)) || false,
    });
    wss.on('connection', (ws) => {
      const conn = ++accepted;
      report({ event: 'open', conn, server: c.server, subprotocol: ws.protocol });
      watch(conn, ws);
    });
    server.listen(0, '127.0.0.1', () => {
      const scheme = c.certFile ? 'wss' : 'ws';
      report({ event: 'serving', server: c.server, url: `${scheme}://127.0.0.1:${server.address().port}` });
    });
    servers.set(c.server, server);
  },

  dial(c) {
    const ws = new WebSocket(c.url, c.subprotocols || [], {
      perMessageDeflate: deflate(c.deflate),
      ca: c.certFile && fs.readFileSync(c.certFile),
    });
    let answer = '';
    const failed = (err) => report({ event: 'failed', conn: c.conn, error: String(err) });
    ws.on('error', failed);
    ws.on('upgrade', (res) => { answer = res.headers['sec-websocket-extensions'] || ''; });
    ws.on('open', () => {
      ws.off('error', failed);
      report({ event: 'open', conn: c.conn, subprotocol: ws.protocol, answer });
      watch(c.conn, ws);
    });
  },

  send(c, ws) {
    const parts = c.parts || [''];
    parts.forEach((p, i) => ws.send(Buffer.from(p || '', 'base64'), { binary: !c.text, fin: i === parts.length - 1 }));
  },

  ping(c, ws) { ws.ping(Buffer.from(c.parts[0] || '', 'base64')); },

  close(c, ws) { c.code === 1005 ? ws.close() : ws.close(c.code, c.reason); },

  drop(c, ws) {
    if (c.server) {
      servers.get(c.server).close();
      servers.delete(c.server);
    } else {
      ws.terminate();
    }
  },
};

const input = readline.createInterface({ input: process.stdin });
input.on('line', (line) => {
  const c = JSON.parse(line);
  const ws = conns.get(c.conn);
  if (!ws && ['send', 'ping', 'close', 'drop'].includes(c.do) && !c.server) return; // it is closed
  try {
    commands[c.do](c, ws);
  } catch (err) {
    report({ event: 'failed', conn: c.conn, server: c.server, error: String(err) });
  }
});
input.on('close', () => process.exit(0));
