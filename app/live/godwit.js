// @ts-check
/**
 * godwit.js: the client of the protocol godwit.live.v1 for browsers and Node, without
 * dependencies. PROTOCOL.md beside it describes what goes over the line.
 *
 *     import { connect } from "/godwit.js";
 *     const line = connect("/live");
 *     const room = line.subscribe("room:7", message => show(message.data));
 *     room.on("gap", reload);
 *     await room.publish({ says: "hello" });
 *
 * A line that breaks is made anew after a wait that doubles with each failure and is
 * different for each client. Subscriptions then resume where they were: every message
 * comes once, in order, and where the server's history doesn't reach back there is a
 * "gap". Nothing is kept beyond the page.
 */

/**
 * @typedef {Object} Message A message of a topic.
 * @property {string} topic
 * @property {string} [at] Its position, where history is kept.
 * @property {any} [data] What was published, if it is JSON.
 * @property {string} [text] What was published, if it is other text.
 * @property {Uint8Array} [bytes] What was published, if it is binary.
 *
 * @typedef {Object} Member A connection that is in a topic.
 * @property {string} id The connection's, on its server.
 * @property {string} [node] That server, where there are several.
 * @property {any} [info] What it said of itself.
 * @property {string} since When it connected (RFC 3339).
 *
 * @typedef {"connecting"|"open"|"waiting"|"closed"} State
 *
 * @typedef {Object} Options
 * @property {() => (string|Promise<string>)} [token] Gives a token: asked at each
 *   connection, and before the last one ends.
 * @property {number} [minWait] The longest wait before the first new attempt, in ms. 500.
 * @property {number} [maxWait] The longest wait before any, in ms. 30000.
 * @property {number} [timeout] How long a request, or a connection, may take, in ms. 10000.
 * @property {number} [maxPending] How many requests may wait at once. 1000.
 * @property {(url: string, protocol: string) => WebSocket} [socket] Makes sockets, where
 *   there is no global WebSocket.
 */

const protocol = "godwit.live.v1";

/** Close codes after which coming back as before is of no use. */
const isFinal = (/** @type {number} */ code) =>
  code === 1003 || code === 1008 || (code >= 4000 && code !== 4401 && code !== 4429);

/** The close code for what is longer than a server takes. */
const tooBig = 1009;

/** Why a request wasn't carried out. `code` is one of the protocol's, "closed" or "timeout". */
export class RequestError extends Error {
  /** @param {string} code @param {string} [detail] */
  constructor(code, detail) {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "RequestError";
    this.code = code;
  }
}

/** What others can be told of: functions by the name of an event. */
class Events {
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();

  /**
   * Has a function called at an event.
   * @param {string} event
   * @param {(value: any) => void} listener
   * @returns {() => void} Ends that.
   */
  on(event, listener) {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(listener));
    return () => void set.delete(listener);
  }

  /** @param {string} event @param {any} [value] */
  _emit(event, value) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(value);
      } catch (error) {
        setTimeout(() => { throw error; }); // the listener's own defect, seen as such
      }
    }
  }
}

/**
 * A topic that is subscribed to. Events: "message" (Message), "gap" ({topic, at}),
 * "joined" and "left" (Member), "live" when it stands, again after each break
 * ({missed, gap}), "error" (RequestError) when the server refuses it.
 */
export class Subscription extends Events {
  /** @type {Line} */ #line;
  /** The position that was seen last, to be kept for another visit, or undefined. @type {string|undefined} */
  at;
  /** Whether the server has it. */
  live = false;
  /** Whether an event has moved `at` since it was asked for. */
  _moved = false;

  /** @param {Line} line @param {string} topic @param {{after?: string, presence?: boolean}} options */
  constructor(line, topic, options) {
    super();
    this.#line = line;
    this.topic = topic;
    this.at = options.after;
    this.presence = !!options.presence;
  }

  /**
   * Publishes to the topic: an ArrayBuffer or a view as bytes, all else as JSON.
   * @param {any} value
   * @param {{key?: string, once?: string, quiet?: boolean}} [options]
   * @returns {Promise<string|undefined>} Its position.
   */
  publish(value, options) { return this.#line.publish(this.topic, value, options); }

  /** @returns {Promise<Member[]>} Who is there. */
  members() { return this.#line.members(this.topic); }

  /** Ends the subscription. */
  close() { this.#line._unsubscribe(this); }
}

/**
 * A line to a server. Events: "state" (State), "welcome" (its fields), "error"
 * (RequestError: of a token that wasn't good, say), "closed" ({code, reason}) when it is
 * over for good.
 */
export class Line extends Events {
  #url; #options;
  /** @type {WebSocket|undefined} */ #socket;
  /** @type {Map<string, Subscription>} */ #topics = new Map();
  /** @type {Map<number, {text: string, answered: (answer: any) => void, failed: (error: Error) => void, timer: any, sent: boolean, own: boolean, again: boolean}>} */
  #requests = new Map();
  /** How often a topic was unsubscribed without an answer yet. @type {Map<string, number>} */
  #leaving = new Map();
  #next = 1;
  #failures = 0;
  #ready = false;
  /** @type {any} */ #timer; // of the next attempt, or of this one's limit
  /** @type {any} */ #pinger;
  #ping = 0;
  /** @type {State} */ state = "waiting";

  /** @param {string} url @param {Options} options */
  constructor(url, options) {
    super();
    this.#url = url;
    this.#options = { minWait: 500, maxWait: 30000, timeout: 10000, maxPending: 1000, ...options };
    this.#open();
  }

  /**
   * Subscribes to a topic.
   * @param {string} topic
   * @param {(message: Message) => void} [listener] For "message".
   * @param {{after?: string, presence?: boolean}} [options] A position to resume from;
   *   whether to be told who comes and goes.
   * @returns {Subscription} The same for the same topic, until it is closed.
   */
  subscribe(topic, listener, options = {}) {
    let subscription = this.#topics.get(topic);
    if (!subscription) {
      subscription = new Subscription(this, topic, options);
      this.#topics.set(topic, subscription);
      if (this.#ready) this.#subscribe(subscription);
    }
    if (listener) subscription.on("message", listener);
    return subscription;
  }

  /**
   * Publishes to a topic. Without `once` it isn't sent again when the line breaks before
   * the answer: the promise then fails with "closed", and nobody knows. `once` must be
   * new for each message, and not to be guessed: crypto.randomUUID().
   * @param {string} topic
   * @param {any} value
   * @param {{key?: string, once?: string, quiet?: boolean}} [options]
   * @returns {Promise<string|undefined>} Its position, where history is kept.
   */
  publish(topic, value, options = {}) {
    const binary = value instanceof ArrayBuffer || ArrayBuffer.isView(value);
    const content = binary ? { bytes: toBase64(value) } : { data: value ?? null };
    return this.#request({ do: "publish", topic, ...options, ...content }, !!options.once).then(a => a.at);
  }

  /** @param {string} topic @returns {Promise<Member[]>} */
  members(topic) { return this.#request({ do: "members", topic }, true).then(a => a.members ?? []); }

  /** Says what others see of this client, for this connection. @param {any} info */
  info(info) { return this.#request({ do: "info", info }, true).then(() => {}); }

  /** Ends the line for good. */
  close() { this.#end(1000, ""); }

  /** @param {Subscription} subscription */
  _unsubscribe(subscription) {
    if (this.#topics.get(subscription.topic) !== subscription) return;
    this.#topics.delete(subscription.topic);
    subscription.live = false;
    if (this.#ready) this.#leave(subscription.topic);
  }

  /** What comes of the topic until the answer is for a subscription that was closed. @param {string} topic */
  #leave(topic) {
    const more = (/** @type {number} */ n) => {
      const left = (this.#leaving.get(topic) ?? 0) + n;
      if (left) this.#leaving.set(topic, left);
      else this.#leaving.delete(topic);
    };
    more(1);
    const socket = this.#socket;
    this.#request({ do: "unsubscribe", topic }, false).catch(error => {
      if (socket && error.code !== "closed") this.#lost(socket, 1013); // come back without it
    }).then(() => more(-1));
  }

  /** @param {State} state */
  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this._emit("state", state);
  }

  #open() {
    this.#become("connecting");
    const { socket: make, timeout } = this.#options;
    /** @type {WebSocket} */ let socket;
    try {
      socket = make ? make(this.#url, protocol) : new WebSocket(this.#url, protocol);
    } catch (error) {
      return this.#end(1006, String(error)); // no URL of a WebSocket
    }
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(socket, 1006), timeout);
    socket.onmessage = event => { if (socket === this.#socket) this.#receive(event.data); };
    socket.onclose = event => this.#lost(socket, event.code, event.reason);
    socket.onerror = () => {}; // close follows
  }

  /** Deals with the end of a socket. @param {WebSocket} socket @param {number} code @param {string} [reason] */
  #lost(socket, code, reason = "") {
    if (socket !== this.#socket) return;
    if (isFinal(code)) return this.#end(code, reason);
    this.#drop();
    if (code === tooBig) this.#refuseLongest();
    for (const subscription of this.#topics.values()) subscription.live = false;
    for (const [id, request] of this.#requests) {
      if (request.own || (request.sent && !request.again)) this.#settle(id, new RequestError("closed", "the line broke before the answer"));
      else request.sent = false;
    }
    const { minWait, maxWait } = this.#options;
    const longest = Math.min(maxWait, minWait * 2 ** Math.min(this.#failures++, 20));
    this.#timer = setTimeout(() => this.#open(), Math.random() * (code === 4429 ? maxWait : longest));
    this.#become("waiting");
  }

  /** Takes back what a socket was ended for: sent again, it would end the next one, too. */
  #refuseLongest() {
    const sent = [...this.#requests].filter(([, request]) => request.sent).sort(([, a], [, b]) => b.text.length - a.text.length);
    if (sent.length) this.#settle(sent[0][0], new RequestError("too_large", "the server has ended the connection for its length"));
  }

  /** Lets the socket go. */
  #drop() {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#ready = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#pinger);
    if (socket && socket.readyState < 2) socket.close(1000);
  }

  /** @param {number} code @param {string} reason */
  #end(code, reason) {
    if (this.state === "closed") return;
    this.#drop();
    this.#become("closed");
    for (const id of [...this.#requests.keys()]) this.#settle(id, new RequestError("closed", "the line is closed"));
    this._emit("closed", { code, reason });
  }

  /** @param {string} text */
  #receive(text) {
    let message;
    try { message = JSON.parse(text); } catch { return this.#lost(/** @type {WebSocket} */ (this.#socket), 1006); }
    if (message.event) return this.#happen(message);
    const request = this.#requests.get(message.id);
    if (request) this.#settle(message.id, message.ok ? message : new RequestError(message.error, message.detail));
  }

  /** @param {any} event */
  #happen(event) {
    if (event.event === "welcome") return this.#greet(event);
    if (event.event === "expiring") return this.#renew();
    const subscription = this.#topics.get(event.topic);
    if (!subscription || this.#leaving.has(event.topic)) return; // unsubscribed a moment ago
    if (event.at && event.event === "message" && isSeen(event.at, subscription.at)) return;
    if (event.at) {
      subscription.at = event.at;
      subscription._moved = true;
    }
    if (event.event === "joined" || event.event === "left") return subscription._emit(event.event, event.member);
    if (event.bytes !== undefined) event.bytes = fromBase64(event.bytes);
    subscription._emit(event.event, event);
  }

  /** @param {any} welcome */
  async #greet(welcome) {
    const socket = this.#socket;
    this.#ping = (welcome.ping ?? 0) * 1000;
    if (welcome.token && !(await this.#renew())) return;
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    this.#ready = true;
    this.#keepAlive();
    for (const subscription of this.#topics.values()) this.#subscribe(subscription);
    for (const [id, request] of this.#requests) if (!request.sent) this.#send(id, request);
    this.#become("open");
    this._emit("welcome", welcome);
  }

  /** Sends a token; without a good one the line ends. @returns {Promise<boolean>} */
  async #renew() {
    const socket = this.#socket;
    try {
      const token = await this.#options.token?.();
      if (socket !== this.#socket) return false;
      await this.#request({ do: "token", token: token ?? "" }, false, true);
      return true;
    } catch (error) {
      if (socket === this.#socket) {
        this._emit("error", error);
        if (!this.#ready) this.#lost(/** @type {WebSocket} */ (socket), 4401);
      }
      return false;
    }
  }

  /** @param {Subscription} subscription */
  #subscribe(subscription) {
    const { topic, at, presence } = subscription;
    subscription._moved = false;
    this.#request({ do: "subscribe", topic, ...(at && { after: at }), ...(presence && { presence }) }, false, true).then(
      answer => {
        this.#failures = 0;
        if (this.#topics.get(topic) !== subscription) return; // closed: nobody has seen what came
        if (answer.at && !subscription._moved && !isSeen(answer.at, subscription.at)) subscription.at = answer.at; // else it may have been overtaken
        subscription.live = true;
        subscription._emit("live", { missed: answer.missed ?? 0, gap: !!answer.gap });
      },
      error => {
        if (error.code === "closed") return; // again with the next socket
        if (error.code === "unavailable" || error.code === "behind" || error.code === "timeout" || error.code === "limit")
          return this.#socket && this.#lost(this.#socket, 1013); // come back and try again
        if (this.#topics.get(topic) === subscription) this.#topics.delete(topic);
        subscription._emit("error", error);
      });
  }

  /**
   * @param {any} fields
   * @param {boolean} again Whether it may be sent again if the line breaks.
   * @param {boolean} [own] Whether it belongs to this socket alone.
   * @returns {Promise<any>}
   */
  #request(fields, again, own = false) {
    if (this.state === "closed") return Promise.reject(new RequestError("closed", "the line is closed"));
    if (!own && this.#requests.size >= this.#options.maxPending) return Promise.reject(new RequestError("limit", "too many requests wait"));
    return new Promise((answered, failed) => {
      const id = this.#next++;
      const text = JSON.stringify({ id, ...fields });
      const timer = setTimeout(() => this.#settle(id, new RequestError("timeout")), this.#options.timeout);
      const request = { text, answered, failed, timer, sent: false, own, again };
      this.#requests.set(id, request);
      if (own || this.#ready) this.#send(id, request);
    });
  }

  /** @param {number} id @param {any} request */
  #send(id, request) {
    request.sent = true;
    this.#socket?.send(request.text);
    if (this.#ready) this.#keepAlive();
  }

  /** @param {number} id @param {any} result An answer or an Error. */
  #settle(id, result) {
    const request = this.#requests.get(id);
    if (!request) return;
    this.#requests.delete(id);
    clearTimeout(request.timer);
    if (result instanceof Error) return request.failed(result);
    if (!request.own) this.#failures = 0;
    request.answered(result);
  }

  /** Pings when nothing else was sent for a while; a line that doesn't answer is dead. */
  #keepAlive() {
    clearTimeout(this.#pinger);
    if (!this.#ping) return;
    const socket = this.#socket;
    this.#pinger = setTimeout(() => {
      this.#request({ do: "ping" }, false, true).then(
        () => { this.#failures = 0; },
        error => { if (error.code === "timeout" && socket && socket === this.#socket) this.#lost(socket, 1006); });
    }, this.#ping);
  }
}

/** Splits a position into epoch and number. @param {string} at */
function split(at) {
  const hyphen = at.lastIndexOf("-");
  return [at.slice(0, hyphen), at.slice(hyphen + 1)];
}

/** Whether a position is that of something seen before. @param {string} at @param {string} [last] */
function isSeen(at, last) {
  if (!last) return false;
  const [epoch, number] = split(at), [lastEpoch, lastNumber] = split(last);
  return epoch === lastEpoch && BigInt(number) <= BigInt(lastNumber);
}

/** @param {ArrayBuffer|ArrayBufferView} value */
function toBase64(value) {
  const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @param {string} text */
function fromBase64(text) { return Uint8Array.from(atob(text), c => c.charCodeAt(0)); }

/**
 * Opens a line to a server.
 * @param {string} url Where live.Mount put it: a path of this page's server, or ws:// or
 *   wss:// and the rest.
 * @param {Options} [options]
 * @returns {Line}
 */
export function connect(url, options = {}) {
  if (typeof location !== "undefined") url = String(new URL(url, location.href)).replace(/^http/, "ws");
  return new Line(url, options);
}
