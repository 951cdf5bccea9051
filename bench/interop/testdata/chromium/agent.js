// An agent of the interop tests, in a page: see agent_test.go. Commands are calls
// of command, reports are calls of the binding report, which is there before the
// page is.
'use strict';

const conns = new Map();

const tell = (r) => report(JSON.stringify(r));

const decode = (s) => Uint8Array.from(atob(s || ''), (c) => c.charCodeAt(0));

function encode(bytes) {
  let s = '';
  for (let i = 0; i < bytes.length; i += 0x8000) s += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(s);
}

// The decoder keeps a byte order mark, as the socket does.
const text = { encode: new TextEncoder(), decode: new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }) };

function watch(conn, ws) {
  conns.set(conn, ws);
  ws.onmessage = (e) => {
    const isText = typeof e.data === 'string';
    const data = isText ? text.encode.encode(e.data) : new Uint8Array(e.data);
    tell({ event: 'message', conn, text: isText, data: encode(data) });
  };
  ws.onerror = null; // the close event follows
  ws.onclose = (e) => {
    conns.delete(conn);
    tell({ event: 'closed', conn, code: e.code, reason: e.reason });
  };
}

const commands = {
  dial(c) {
    const ws = new WebSocket(c.url, c.subprotocols || []);
    ws.binaryType = 'arraybuffer';
    ws.onclose = (e) => tell({ event: 'failed', conn: c.conn, error: `closed with ${e.code} before it was open` });
    ws.onopen = () => {
      tell({ event: 'open', conn: c.conn, subprotocol: ws.protocol, answer: ws.extensions });
      watch(c.conn, ws);
    };
  },

  send(c, ws) {
    const data = (c.parts || []).map(decode);
    const whole = new Uint8Array(data.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of data) { whole.set(p, at); at += p.length; }
    ws.send(c.text ? text.decode.decode(whole) : whole);
  },

  close(c, ws) { c.code === 1005 ? ws.close() : ws.close(c.code, c.reason || ''); },

  drop(c, ws) { ws.close(); },
};

function command(c) {
  const ws = conns.get(c.conn);
  if (!ws && c.do !== 'dial') return; // it is closed
  try {
    commands[c.do](c, ws);
  } catch (err) {
    tell({ event: 'failed', conn: c.conn, error: String(err) });
  }
}

tell({ event: 'ready' });
