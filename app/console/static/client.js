// The client: which URL to connect to, the connection, and what is sent over it. There is
// one connection at a time.

let routes = [];   // of the server
let socket = null; // the connection, until it has ended

// ---- which URL

// The values that parameters begin with, so that every route can be tried at once.
const EXAMPLES = { int: '1', float: '1.5', bool: 'true', uuid: '123e4567-e89b-12d3-a456-426614174000', str: 'hello', path: 'a/b' };

async function loadRoutes() {
  try {
    routes = await ask('?routes');
  } catch {
    routes = []; // the live figures say what is wrong; a URL can be typed
  }
  const list = $('route');
  list.replaceChildren(...routes.map((r, i) => {
    const option = make('option', '', r.pattern);
    option.value = i;
    option.title = r.handler + ' – ' + r.source;
    return option;
  }));
  const own = make('option');
  own.value = 'own';
  say(own, 'ownURL');
  list.append(own);
  list.selectedIndex = 0;
  showParams();
}

// ask fetches what the console's handler answers to a query.
async function ask(query) {
  const answer = await fetch(query, { signal: AbortSignal.timeout(5000), cache: 'no-store' });
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  return answer.json();
}

const here = () => location.protocol.replace('http', 'ws') + '//' + location.host;

// showParams makes a field for each parameter of the route that is chosen.
function showParams() {
  const route = routes[$('route').value];
  const fields = (route?.pieces || []).filter((p) => p.name).map((p) => {
    const field = make('label', 'field'), name = make('span', '', p.name), input = make('input');
    name.append(make('small', '', EXAMPLES[p.type] ? p.type : '/' + p.type + '/'));
    input.name = p.name;
    input.value = EXAMPLES[p.type] || '';
    input.spellcheck = false;
    input.autocapitalize = 'off';
    if (p.type === 'int') input.inputMode = 'numeric';
    field.append(name, input);
    return field;
  });
  $('params').replaceChildren(...fields);
  if (route) showURL();
  else if (!$('url').value) $('url').value = here() + '/';
}

// showURL writes the URL of the route with its parameters. The slashes of a path stay.
function showURL() {
  const route = routes[$('route').value];
  const value = (p) => {
    const text = $('params').querySelector(`[name="${CSS.escape(p.name)}"]`).value;
    return p.type === 'path' ? text.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(text);
  };
  $('url').value = here() + route.pieces.map((p) => (p.name ? value(p) : encodeURI(p.text))).join('');
}

// ---- the connection

function connect() {
  hush($('connect-fault'));
  const url = $('url').value.trim(), protocols = $('protocols').value.split(',').map((p) => p.trim()).filter(Boolean);
  if (!/^wss?:\/\/[^/]/.test(url)) return say($('connect-fault'), 'fault.url');
  try {
    socket = new WebSocket(url, protocols);
  } catch (e) {
    return say($('connect-fault'), 'fault.open', { text: e.message });
  }
  const ws = socket;
  let opened = false;
  ws.binaryType = 'arraybuffer';
  ws.onopen = () => {
    opened = true;
    record({ direction: 'event', kind: 'open', key: ws.protocol ? 'openedProtocol' : 'opened', values: { url, protocol: ws.protocol } });
    showState();
    $('message').focus();
  };
  ws.onmessage = ({ data }) => received(data);
  ws.onclose = (e) => {
    socket = null;
    showState();
    if (!opened) return explain(url, protocols);
    record({ direction: 'event', kind: e.code === 1000 || e.code === 1005 ? 'close' : 'error',
      key: e.reason ? 'closedReason' : 'closed', values: { code: e.code, reason: e.reason } });
  };
  showState();
}

function received(data) {
  if (typeof data === 'string') return record({ direction: 'in', kind: 'text', data, size: bytesOf(data).length });
  record({ direction: 'in', kind: 'binary', data: new Uint8Array(data), size: data.byteLength });
}

const bytesOf = (string) => new TextEncoder().encode(string);

// explain says why a connection never was: browsers don't, but our own server tells us.
async function explain(url, protocols) {
  const fail = (key, values = {}) => record({ direction: 'event', kind: 'error', key, values });
  const target = new URL(url);
  if (target.host !== location.host) return fail('refused.foreign', { origin: location.origin });
  const query = new URLSearchParams({ why: target.pathname + target.search, origin: location.origin, protocols: protocols.join(', ') });
  try {
    const { accepted, status, text } = await ask('?' + query);
    if (accepted) return fail('refused.passing');
    fail('refused', { status, text });
  } catch {
    fail('refused.gone');
  }
}

function disconnect() {
  hush($('connect-fault'));
  if (socket.readyState === WebSocket.CONNECTING) return socket.close();
  try {
    socket.close(Number($('close-code').value), $('close-reason').value);
  } catch {
    $('connect').querySelector('details').open = true;
    say($('connect-fault'), 'fault.close');
  }
  showState();
}

const STATES = ['opening', 'open', 'closing', 'closed'];

function showState() {
  const state = STATES[socket ? socket.readyState : WebSocket.CLOSED];
  $('state').className = state;
  say($('state'), state === 'open' && socket.protocol ? 'state.protocol' : 'state.' + state, { protocol: socket?.protocol });
  say($('open'), { opening: 'giveUp', open: 'close', closing: 'close', closed: 'open' }[state]);
  $('open').classList.toggle('main', state === 'closed');
  $('open').disabled = state === 'closing';
  $('submit').disabled = state !== 'open';
}

// ---- what is sent

const chosen = () => document.querySelector('[name=kind]:checked').value;

async function send() {
  hush($('send-fault'));
  const fail = (key, values) => say($('send-fault'), key, values);
  const ws = socket, kind = chosen();
  if (ws?.readyState !== WebSocket.OPEN) return;
  if (kind === 'text') {
    const data = $('message').value;
    ws.send(data);
    record({ direction: 'out', kind: 'text', data, size: bytesOf(data).length });
    $('message').value = '';
    return;
  }
  let data;
  if (kind === 'hex') {
    data = unhex($('message').value);
    if (!data) return fail('fault.hex');
    $('message').value = '';
  } else {
    const file = $('file').files[0];
    if (!file) return fail('fault.file');
    try {
      data = new Uint8Array(await file.arrayBuffer());
    } catch (e) {
      return fail('fault.read', { text: e.message });
    }
    if (ws.readyState !== WebSocket.OPEN) return; // it ended meanwhile
  }
  ws.send(data);
  record({ direction: 'out', kind: 'binary', data, size: data.length });
}

// unhex reads pairs of hexadecimal digits, with anything like 0x, spaces, commas or colons
// between them. It returns null if that isn't what there is.
function unhex(string) {
  const digits = string.replace(/0x|[\s,:]/gi, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) return null;
  return Uint8Array.from(digits.match(/../g) || [], (pair) => parseInt(pair, 16));
}

function showKind() {
  const kind = chosen();
  $('message-field').hidden = kind === 'file';
  $('file-field').hidden = kind !== 'file';
  $('send-hint').hidden = kind === 'file';
  $('message').placeholder = kind === 'hex' ? text('hexExample') : '';
  hush($('send-fault'));
}

$('route').addEventListener('change', showParams);
$('params').addEventListener('input', showURL);
$('url').addEventListener('input', () => {
  $('route').value = 'own';
  $('params').replaceChildren();
});
$('connect').addEventListener('submit', (e) => {
  e.preventDefault();
  if (socket) disconnect();
  else connect();
});
$('send').addEventListener('submit', (e) => {
  e.preventDefault();
  send();
});
$('send').addEventListener('change', (e) => {
  if (e.target.name === 'kind') showKind();
});
$('message').addEventListener('keydown', (e) => {
  if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return; // Enter may belong to an input method
  e.preventDefault();
  send();
});
document.addEventListener('language', showKind);
