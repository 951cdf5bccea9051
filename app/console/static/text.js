// The page's texts. An element with data-t="key" shows the text of that key, with the
// values in data-v, in the language in use: say sets both, speak changes the language.
// Everything reaches the page by textContent, so that nothing in it can be markup.
'use strict';

// $ finds an element by its id.
const $ = (id) => document.getElementById(id);

const TEXTS = JSON.parse($('texts').textContent);

// Storage may be forbidden; then the choice of a language lasts as long as the page.
function remembered() {
  try { return localStorage.getItem('godwit.language'); } catch { return null; }
}

function remember(language) {
  try { localStorage.setItem('godwit.language', language); } catch { /* see above */ }
}

let language = remembered() || (navigator.language.startsWith('zh') ? 'zh' : 'en');
if (!TEXTS[language]) language = 'en';

// text returns the text of a key, with values in place of their names in braces.
function text(key, values = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (name, word) => values[word] ?? name);
}

// code returns the name and the meaning of a close code (RFC 6455 §7.4).
function code(number) {
  const texts = TEXTS[language];
  if (texts['code.' + number]) return texts['code.' + number];
  if (number >= 3000 && number < 5000) return texts[number < 4000 ? 'code.3000' : 'code.4000'];
  return texts['code.other'];
}

// say shows a text in an element, and keeps it right when the language changes. A close
// code among the values brings its name and meaning.
function say(element, key, values = {}) {
  element.dataset.t = key;
  element.dataset.v = JSON.stringify(values);
  show(element);
}

// hush empties an element.
function hush(element) {
  delete element.dataset.t;
  element.textContent = '';
}

function show(element) {
  const values = JSON.parse(element.dataset.v || '{}');
  if (values.code) [values.name, values.meaning] = code(values.code);
  const next = text(element.dataset.t, values);
  if (element.textContent !== next) element.textContent = next;
}

// speak changes the language of everything on the page.
function speak(next) {
  language = next;
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
  document.title = 'Godwit ' + text('title');
  document.querySelectorAll('[data-t]').forEach(show);
  document.dispatchEvent(new Event('language'));
}

// Numbers, sizes and times as people read them.
const count = (n) => n.toLocaleString(language);

function size(bytes) {
  let n = bytes;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (n < 1024 || unit === 'GiB') return (n < 10 && unit !== 'B' ? n.toFixed(1) : count(Math.round(n))) + ' ' + unit;
    n /= 1024;
  }
}

const two = (n) => String(n).padStart(2, '0');

// span writes a time as 1:05, 2:01:05 or, from a day on, 3d 02:01:05.
function span(milliseconds) {
  const s = Math.max(0, Math.floor(milliseconds / 1000)), h = Math.floor(s / 3600) % 24, d = Math.floor(s / 86400);
  const rest = two(Math.floor(s / 60) % 60) + ':' + two(s % 60);
  if (d) return d + 'd ' + two(h) + ':' + rest;
  return h ? h + ':' + rest : rest.replace(/^0/, '');
}

$('language').addEventListener('click', () => {
  speak(language === 'zh' ? 'en' : 'zh');
  remember(language);
});
