// Following a topic: its messages come into the log, by way of godwit.js, which comes back
// and resumes when the server goes and comes. There is one at a time.

let line = null; // while a topic is followed

function follow(topic) {
  const note = (kind, key, values = {}) => record({ direction: 'event', kind, key, values: { topic, ...values } });
  const status = (key, values = {}) => say($('follow-state'), key, { topic, ...values });
  const mine = line = godwit.connect($('follow').dataset.path, { minWait: 200, maxWait: 5000 });
  const subscription = line.subscribe(topic, (message) => received(message.bytes ?? message.text ?? JSON.stringify(message.data)));
  subscription.on('live', ({ missed }) => status(missed ? 'follow.resumed' : 'follow.live', { missed: count(missed) }));
  subscription.on('gap', () => note('error', 'follow.gap'));
  subscription.on('error', ({ message }) => {
    unfollow();
    status('follow.refused', { text: message });
  });
  line.on('state', (state) => {
    if (line === mine && state === 'waiting') status('follow.waiting');
  });
  line.on('closed', ({ code, reason }) => {
    if (line !== mine) return; // by the person
    unfollow();
    status('follow.refused', { text: code + ' ' + reason });
  });
  status('follow.waiting');
  say($('follow-button'), 'unfollow');
}

function unfollow() {
  const was = line;
  line = null;
  was.close();
  hush($('follow-state'));
  say($('follow-button'), 'follow');
}

$('follow').hidden = !$('follow').dataset.path;
$('follow').addEventListener('submit', (e) => {
  e.preventDefault();
  if (line) unfollow();
  else follow($('follow-topic').value);
});
$('topics').addEventListener('click', (e) => {
  const row = e.target.closest('tbody tr');
  if (row && !line) $('follow-topic').value = row.dataset.key;
});
