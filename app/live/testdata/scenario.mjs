// A client that stays while its server is killed and comes back: it reports what it
// saw. It runs in Node and in browsers.
import { connect } from "./godwit.mjs";

/** Returns when messages up to the last have come, or after a while. */
export function watch(url, last) {
  return new Promise(resolve => {
    const line = connect(url, { minWait: 50, maxWait: 200 });
    const seen = { numbers: [], gaps: 0, breaks: 0, bytes: "" };
    const done = () => { line.close(); resolve(seen); };
    const timer = setTimeout(done, 25000);
    line.on("state", state => { if (state === "waiting") seen.breaks++; });
    const topic = line.subscribe("numbers", message => {
      if (message.bytes) seen.bytes = [...message.bytes].join();
      else seen.numbers.push(message.data);
      if (message.data === last) { clearTimeout(timer); done(); }
    });
    topic.on("gap", () => seen.gaps++);
    topic.on("live", ({ missed }) => {
      if (missed === 0 && seen.numbers.length === 0) topic.publish("here", { once: "here" }).catch(() => {});
    });
  });
}
