// Tests of godwit.js against a server that is played here, with the clock in hand.
import { test, mock } from "node:test";
import assert from "node:assert/strict";
import { connect, RequestError } from "./godwit.mjs";

/** A socket whose other end is the test. */
class Socket {
  readyState = 0;
  /** @type {any[]} */ sent = [];
  constructor(url, protocol) { this.url = url; this.protocol = protocol; sockets.push(this); }
  send(text) { assert.equal(this.readyState, 1, "sent on a socket that isn't open"); this.sent.push(JSON.parse(text)); }
  close(code) { if (this.readyState < 2) { this.readyState = 3; this.closed = code; } }
  // What the server does:
  greet(more = {}) { this.readyState = 1; this.say({ event: "welcome", version: 1, id: "c1", ...more }); }
  say(message) { this.onmessage({ data: JSON.stringify(message) }); }
  answer(fields = {}, at = -1) { this.say({ id: this.sent.at(at).id, ok: true, ...fields }); }
  fall(code = 1006, reason = "") { this.readyState = 3; this.onclose({ code, reason }); }
}
/** @type {Socket[]} */ let sockets = [];
const settled = async () => { for (let i = 0; i < 10; i++) await Promise.resolve(); };

const it = (name, body) => test(name, async t => {
  sockets = [];
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(Math, "random", () => 1);
  const line = (options = {}) => connect("ws://server/live", { socket: (url, protocol) => new Socket(url, protocol), ...options });
  await body({ line, tick: ms => t.mock.timers.tick(ms), t });
});

it("speaks the version", async ({ line }) => {
  const l = line();
  assert.equal(sockets[0].protocol, "godwit.live.v1");
  assert.equal(l.state, "connecting");
  sockets[0].greet();
  await settled();
  assert.equal(l.state, "open");
});

it("subscribes once open, resumes after a break, and drops what it has seen", async ({ line, tick }) => {
  const l = line(), got = [], lives = [];
  const x = l.subscribe("x", m => got.push(m.data));
  x.on("live", v => lives.push(v));
  assert.equal(l.subscribe("x"), x);
  sockets[0].greet();
  await settled();
  assert.deepEqual(sockets[0].sent.map(({ id, ...r }) => r), [{ do: "subscribe", topic: "x" }]);
  sockets[0].answer({ at: "E-5" });
  sockets[0].say({ event: "message", topic: "x", at: "E-6", data: 6 });
  sockets[0].say({ event: "message", topic: "other", at: "E-6", data: 0 });
  await settled();
  assert.equal(x.at, "E-6");
  assert.ok(x.live);
  sockets[0].fall();
  assert.ok(!x.live);
  assert.equal(l.state, "waiting");
  tick(499);
  assert.equal(sockets.length, 1);
  tick(1);
  assert.equal(sockets.length, 2);
  sockets[1].greet();
  await settled();
  assert.equal(sockets[1].sent[0].after, "E-6");
  sockets[1].say({ event: "message", topic: "x", at: "E-6", data: 6 });
  sockets[1].say({ event: "message", topic: "x", at: "E-10", data: 10 });
  sockets[1].answer({ at: "E-10", missed: 1 });
  await settled();
  assert.deepEqual(got, [6, 10]);
  assert.deepEqual(lives, [{ missed: 0, gap: false }, { missed: 1, gap: false }]);
});

it("tells of a gap and goes on in the new epoch", async ({ line }) => {
  const l = line(), events = [];
  const x = l.subscribe("x", m => events.push(m.data), { after: "E-900" });
  x.on("gap", g => events.push("gap " + g.at));
  sockets[0].greet();
  await settled();
  sockets[0].say({ event: "gap", topic: "x", at: "F-1" });
  sockets[0].say({ event: "message", topic: "x", at: "F-2", data: 2 });
  sockets[0].answer({ at: "F-2", missed: 1, gap: true });
  await settled();
  assert.deepEqual(events, ["gap F-1", 2]);
  assert.equal(x.at, "F-2");
});

it("waits longer after each failure, to a limit", async ({ line, tick }) => {
  line({ minWait: 100, maxWait: 450 });
  for (const wait of [100, 200, 400, 450, 450]) {
    const n = sockets.length;
    sockets.at(-1).fall();
    tick(wait - 1);
    assert.equal(sockets.length, n, `tried before ${wait} ms`);
    tick(1);
    assert.equal(sockets.length, n + 1);
  }
  sockets.at(-1).greet();
  await settled();
});

it("gives an attempt up that takes too long", async ({ line, tick }) => {
  line({ timeout: 1000 });
  tick(1000);
  tick(500);
  assert.equal(sockets.length, 2);
  assert.equal(sockets[0].closed, 1000);
});

it("stays closed after codes that say so", async ({ line, tick }) => {
  for (const [code, final] of [[1008, true], [4003, true], [1003, true], [1001, false], [1013, false], [4401, false], [4429, false]]) {
    sockets = [];
    const l = line(), ends = [];
    l.on("closed", e => ends.push(e.code));
    sockets[0].greet();
    await settled();
    sockets[0].fall(code);
    tick(60000);
    assert.equal(sockets.length, final ? 1 : 2, String(code));
    assert.deepEqual(ends, final ? [code] : []);
    l.close();
  }
});

it("doesn't send again what is longer than the server takes", async ({ line, tick }) => {
  const l = line();
  sockets[0].greet();
  await settled();
  const short = l.publish("x", 1, { once: "a" }), long = l.publish("x", "long".repeat(10), { once: "b" });
  sockets[0].fall(1009);
  await assert.rejects(long, { code: "too_large" });
  tick(500);
  sockets[1].greet();
  await settled();
  assert.deepEqual(sockets[1].sent.map(r => r.once), ["a"]);
  sockets[1].answer();
  await short;
});

it("publishes, and knows what it doesn't know", async ({ line, tick }) => {
  const l = line();
  const early = l.publish("x", { a: 1 });
  sockets[0].greet();
  await settled();
  assert.deepEqual({ ...sockets[0].sent[0], id: 0 }, { id: 0, do: "publish", topic: "x", data: { a: 1 } });
  sockets[0].answer({ at: "E-1" });
  assert.equal(await early, "E-1");
  const lost = l.publish("x", undefined), again = l.publish("x", new Uint8Array([0, 255]), { once: "o" });
  lost.catch(() => {});
  assert.equal(sockets[0].sent[1].data, null);
  assert.equal(sockets[0].sent[2].bytes, "AP8=");
  sockets[0].fall();
  await assert.rejects(lost, { code: "closed" });
  tick(500);
  sockets[1].greet();
  await settled();
  assert.deepEqual(sockets[1].sent.map(r => r.once), ["o"]);
  sockets[1].say({ id: sockets[1].sent[0].id, error: "denied", detail: "no" });
  await assert.rejects(again, new RequestError("denied", "no"));
});

it("bounds requests in time and number", async ({ line, tick }) => {
  const l = line({ maxPending: 1, timeout: 1000 });
  sockets[0].greet();
  await settled();
  const first = l.members("x");
  await assert.rejects(l.members("x"), { code: "limit" });
  tick(1000);
  await assert.rejects(first, { code: "timeout" });
  l.close();
  await assert.rejects(l.members("x"), { code: "closed" });
});

it("shows its token first, renews it, and comes back without a good one", async ({ line, tick }) => {
  let n = 0;
  const l = line({ token: () => `t${++n}` }), errors = [];
  l.on("error", e => errors.push(e.code));
  l.subscribe("x");
  sockets[0].greet({ token: true });
  await settled();
  assert.deepEqual(sockets[0].sent.map(r => r.token), ["t1"]);
  sockets[0].answer();
  await settled();
  assert.equal(sockets[0].sent[1].do, "subscribe");
  sockets[0].say({ event: "expiring", seconds: 30 });
  await settled();
  assert.equal(sockets[0].sent[2].token, "t2");
  sockets[0].fall(4401);
  tick(500);
  sockets[1].greet({ token: true });
  await settled();
  sockets[1].say({ id: sockets[1].sent[0].id, error: "unauthorized" });
  await settled();
  assert.deepEqual(errors, ["unauthorized"]);
  assert.equal(l.state, "waiting");
});

it("pings when idle, and leaves a dead line", async ({ line, tick }) => {
  line({ timeout: 1000 });
  sockets[0].greet({ ping: 5 });
  await settled();
  tick(5000);
  assert.equal(sockets[0].sent.at(-1).do, "ping");
  sockets[0].answer();
  await settled();
  tick(5000);
  assert.equal(sockets[0].sent.length, 2);
  tick(1000);
  await settled();
  tick(500);
  assert.equal(sockets.length, 2);
});

it("drops a subscription that is refused, and comes back for one that isn't possible now", async ({ line, tick }) => {
  const l = line(), refused = [];
  l.subscribe("secret").on("error", e => refused.push(e.code));
  sockets[0].greet();
  await settled();
  sockets[0].say({ id: sockets[0].sent[0].id, error: "denied" });
  await settled();
  assert.deepEqual(refused, ["denied"]);
  l.subscribe("x");
  sockets[0].say({ id: sockets[0].sent[1].id, error: "unavailable" });
  await settled();
  assert.equal(l.state, "waiting");
  tick(1000);
  sockets[1].greet();
  await settled();
  assert.deepEqual(sockets[1].sent.map(r => r.topic), ["x"]);
});

it("unsubscribes, and tells who comes and goes", async ({ line }) => {
  const l = line(), events = [];
  const x = l.subscribe("x", () => events.push("message"), { presence: true });
  x.on("joined", m => events.push("+" + m.id));
  x.on("left", m => events.push("-" + m.id));
  sockets[0].greet();
  await settled();
  assert.equal(sockets[0].sent[0].presence, true);
  sockets[0].say({ event: "joined", topic: "x", member: { id: "c2" } });
  sockets[0].say({ event: "left", topic: "x", member: { id: "c2" } });
  x.close();
  x.close();
  assert.deepEqual(sockets[0].sent.map(r => r.do), ["subscribe", "unsubscribe"]);
  sockets[0].say({ event: "message", topic: "x", data: 1 });
  assert.deepEqual(events, ["+c2", "-c2"]);
});

it("takes what is under way for a closed subscription for nobody's", async ({ line }) => {
  const l = line(), got = [];
  const first = l.subscribe("x", m => got.push(m.data), { after: "E-1" });
  sockets[0].greet();
  await settled();
  first.close();
  first.on("live", () => got.push("live"));
  sockets[0].say({ event: "message", topic: "x", at: "E-2", data: 2 });
  const second = l.subscribe("x", m => got.push(m.data), { after: first.at });
  sockets[0].answer({ at: "E-2", missed: 1 }, 0);
  await settled();
  assert.equal(first.at, "E-1");
  sockets[0].say({ event: "message", topic: "x", at: "E-3", data: 3 });
  sockets[0].answer({}, 1);
  await settled();
  sockets[0].say({ event: "message", topic: "x", at: "E-2", data: 2 });
  sockets[0].say({ event: "message", topic: "x", at: "E-3", data: 3 });
  sockets[0].answer({ at: "E-3", missed: 2 }, 2);
  await settled();
  assert.deepEqual(got, [2, 3]);
  assert.equal(second.at, "E-3");
});

it("comes back without a topic that it wasn't let leave", async ({ line, tick }) => {
  const l = line();
  const x = l.subscribe("x");
  l.subscribe("y");
  sockets[0].greet();
  await settled();
  x.close();
  sockets[0].say({ id: sockets[0].sent[2].id, error: "limit" });
  await settled();
  assert.equal(l.state, "waiting");
  tick(1000);
  sockets[1].greet();
  await settled();
  assert.deepEqual(sockets[1].sent.map(r => r.topic), ["y"]);
});

it("isn't led back by an answer that messages have overtaken", async ({ line }) => {
  const l = line();
  const x = l.subscribe("x");
  sockets[0].greet();
  await settled();
  sockets[0].say({ event: "message", topic: "x", at: "A-4", data: 1 });
  sockets[0].say({ event: "message", topic: "x", at: "B-1", data: 2 });
  sockets[0].answer({ at: "A-3" });
  await settled();
  assert.ok(x.live);
  assert.equal(x.at, "B-1");
});
