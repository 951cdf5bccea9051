// The live figures: fetched once a second while somebody looks at the page. This file is
// the last, and begins everything.

const EVERY = 1000;  // milliseconds
const REMEMBERED = 60; // figures in a sparkline

let last = null; // the snapshot before
const past = { conns: [], topics: [], messagesIn: [], messagesOut: [], bytesIn: [], bytesOut: [] };

async function watch() {
  if (!document.hidden) {
    try {
      showSnapshot(await ask('?live'));
      pulse('live');
    } catch (e) {
      pulse(e.status === 403 ? 'forbidden' : 'lost');
    }
  }
  setTimeout(watch, EVERY);
}

function pulse(state) {
  $('pulse').className = 'pill ' + state;
  say($('pulse'), 'pulse.' + state);
  document.querySelector('.watch').classList.toggle('stale', state !== 'live');
}

function showSnapshot(now) {
  if (last && now.at < last.at) { // another server has taken its place
    last = null;
    Object.values(past).forEach((list) => list.splice(0));
    loadRoutes();
  }
  if (last && now.at > last.at) keep(now, (now.at - last.at) / 1000);
  last = now;
  showFigures();
}

// keep adds a snapshot to the past, with rates over the seconds since the last.
function keep({ stats }, seconds) {
  const rate = (which, what) => (stats[which][what] - last.stats[which][what]) / seconds;
  const figures = {
    conns: stats.conns, topics: stats.topics,
    messagesIn: rate('in', 'messages'), messagesOut: rate('out', 'messages'),
    bytesIn: rate('in', 'bytes'), bytesOut: rate('out', 'bytes'),
  };
  for (const [name, figure] of Object.entries(figures)) {
    if (past[name].push(figure) > REMEMBERED) past[name].shift();
  }
}

function showFigures() {
  if (!last) return;
  const { stats, conns, topics, at } = last;
  const put = (id, content) => { if ($(id).textContent !== content) $(id).textContent = content; };
  const newest = (list) => list.at(-1) ?? 0;
  const rate = (n) => count(n > 0 && n < 10 ? Number(n.toFixed(1)) : Math.round(n));
  put('figure-conns', count(stats.conns));
  put('figure-topics', count(stats.topics));
  put('figure-messages-in', rate(newest(past.messagesIn)));
  put('figure-messages-out', rate(newest(past.messagesOut)));
  put('figure-bytes-in', size(newest(past.bytesIn)));
  put('figure-bytes-out', size(newest(past.bytesOut)));
  spark('spark-conns', past.conns);
  spark('spark-topics', past.topics);
  spark('spark-messages', past.messagesIn, past.messagesOut);
  spark('spark-bytes', past.bytesIn, past.bytesOut);

  fill('conns', conns, (c) => c.id, (c) => [
    [c.route, c.path === c.route ? '' : c.path], [c.client || '–', c.id], [span(c.age)], traffic(c.in), traffic(c.out),
  ], stats.conns);
  fill('topics', topics, (t) => t.name, (t) => [[t.name], [count(t.members)]], stats.topics);

  const sum = ({ messages, bytes }) => text('traffic', { messages: count(messages), bytes: size(bytes) });
  put('total-accepted', count(stats.accepted));
  put('total-refused', count(stats.refused));
  put('total-in', sum(stats.in));
  put('total-out', sum(stats.out));
  put('total-dropped', count(stats.dropped));
  put('total-disconnected', count(stats.disconnected));
  say($('since'), 'since', { time: span(at) });
}

const traffic = ({ messages, bytes }) => [count(messages), size(bytes)];

// spark draws lines of the latest figures, on one scale from 0.
function spark(id, ...lists) {
  const top = Math.max(1, ...lists.flat());
  $(id).querySelectorAll('polyline').forEach((line, i) => {
    const from = REMEMBERED - lists[i].length;
    line.setAttribute('points', lists[i].map((n, j) =>
      ((from + j) * 120 / (REMEMBERED - 1)).toFixed(1) + ',' + (26 - 24 * n / top).toFixed(1)).join(' '));
  });
}

// fill shows a list in a table, in which there are all of them or the first. Rows stay
// what they are, by key, so that a selection in them lasts. A cell has a text and, below
// it, perhaps another.
function fill(id, list, key, cells, all) {
  const body = $(id).tBodies[0], old = new Map(Array.from(body.rows, (row) => [row.dataset.key, row]));
  const rows = list.map((item) => {
    const row = old.get(key(item)) || rowFor($(id), key(item));
    cells(item).forEach((texts, i) => texts.forEach((content, j) => {
      const part = row.cells[i].children[j];
      if (part.textContent !== content) part.textContent = content;
      part.title = j === 1 || i === 0 ? content : '';
    }));
    return row;
  });
  if (rows.length !== body.rows.length || rows.some((row, i) => row !== body.rows[i])) body.replaceChildren(...rows);
  $(id + '-empty').hidden = rows.length > 0;
  $(id).hidden = rows.length === 0;
  if (rows.length < all) say($(id + '-more'), 'shown', { shown: count(rows.length), all: count(all) });
  else hush($(id + '-more'));
}

// rowFor makes an empty row of a table, with the roles that its layout on phones takes away.
function rowFor(table, key) {
  const row = make('tr');
  row.dataset.key = key;
  row.setAttribute('role', 'row');
  for (const head of table.tHead.rows[0].cells) {
    const cell = make('td', head.className);
    cell.setAttribute('role', 'cell');
    cell.append(make('span'), make('small'));
    row.append(cell);
  }
  return row;
}

document.addEventListener('language', showFigures);
speak(language);
showState();
loadRoutes();
watch();
