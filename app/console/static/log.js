// The log: what went over the connection, a row each. Rows are drawn once a picture, and
// only the newest are kept, so that a flood costs neither time nor memory.

const MAX_ROWS = 500;
const FOLDED = 300;          // characters shown of a payload that is folded
const FOLDED_LINES = 6;
const MAX_SHOWN = 64 * 1024; // characters, or bytes, that unfolding shows
const DUMPED = 4 * 1024;     // bytes shown in hexadecimal

const waiting = []; // entries to be drawn
const totals = { in: 0, out: 0, rows: 0 };

// record adds an entry: its direction (in, out or event), its kind (text, binary, open,
// close or error), and either data, a string or bytes with their size, or a key of the
// texts with its values.
function record(entry) {
  entry.at = new Date();
  totals.rows++;
  if (entry.direction !== 'event') totals[entry.direction]++;
  if (waiting.push(entry) > MAX_ROWS) waiting.shift();
  if (waiting.length === 1) requestAnimationFrame(draw);
}

function draw() {
  const box = $('log-box'), list = $('log');
  const atEnd = box.scrollTop + box.clientHeight > box.scrollHeight - 40;
  const follows = atEnd || waiting.some((entry) => entry.direction !== 'in'); // who acts wants to see what comes of it
  list.append(...waiting.splice(0).map(rowOf));
  while (list.childElementCount > MAX_ROWS) list.firstElementChild.remove();
  $('log-empty').hidden = list.childElementCount > 0;
  showCounts();
  if (follows) box.scrollTop = box.scrollHeight;
}

function showCounts() {
  if (!totals.rows) return hush($('counts'));
  const values = { in: count(totals.in), out: count(totals.out), rows: count(MAX_ROWS) };
  say($('counts'), totals.rows > MAX_ROWS ? 'countsGone' : 'counts', values);
}

function clearLog() {
  waiting.length = 0;
  totals.in = totals.out = totals.rows = 0;
  $('log').replaceChildren();
  $('log-empty').hidden = false;
  showCounts();
}

// make makes an element with a class, and a text if one is given.
function make(tag, name, content) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (content !== undefined) element.textContent = content;
  return element;
}

function rowOf(entry) {
  const row = make('li', 'row ' + entry.direction + ' ' + entry.kind);
  const at = entry.at, time = make('time', '', [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':') +
    '.' + String(at.getMilliseconds()).padStart(3, '0'));
  time.dateTime = at.toISOString();
  const direction = make('span', 'direction'), kind = make('span', 'kind');
  say(direction, 'row.' + entry.direction);
  say(kind, 'row.' + entry.kind);
  const head = make('p', 'head');
  head.append(time, direction, kind);
  if (entry.data !== undefined) head.append(make('span', 'size', size(entry.size)));
  row.append(head, entry.key ? noteOf(entry) : payloadOf(entry));
  return row;
}

function noteOf(entry) {
  const note = make('p', 'note');
  say(note, entry.key, entry.values);
  return note;
}

// payloadOf shows a payload, a long one folded.
function payloadOf({ data, kind, size: bytes }) {
  const whole = kind === 'text' ? data.slice(0, MAX_SHOWN) : dump(data.subarray(0, DUMPED));
  const begin = whole.split('\n', FOLDED_LINES).join('\n').slice(0, kind === 'text' ? FOLDED : undefined);
  if (begin === whole) return make('pre', 'payload', whole);
  const folded = make('details', 'payload'), summary = document.createElement('summary');
  summary.append(make('pre', '', begin + ' …'));
  folded.append(summary, make('pre', 'rest', whole));
  const all = kind === 'text' ? data.length : bytes, most = kind === 'text' ? MAX_SHOWN : DUMPED;
  if (all > most) {
    const note = make('p', 'hint');
    say(note, 'row.cut', { shown: size(most), all: size(bytes) });
    folded.append(note);
  }
  return folded;
}

// dump writes bytes as lines of an offset, hexadecimal digits and ASCII; short lines where
// there is little room.
function dump(bytes) {
  const width = innerWidth < 600 ? 8 : 16, lines = [];
  for (let i = 0; i < bytes.length; i += width) {
    const part = Array.from(bytes.subarray(i, i + width));
    const digits = part.map((b) => b.toString(16).padStart(2, '0')).join(' ').padEnd(3 * width - 1);
    const plain = part.map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '·')).join('');
    lines.push(i.toString(16).padStart(4, '0') + '  ' + digits + '  ' + plain);
  }
  return lines.join('\n');
}

$('clear').addEventListener('click', clearLog);
document.addEventListener('language', showCounts);
