// The line to the kernel: questions, their answers, and whether anybody answers at all.
//
// A question is never asked twice: it may have been heard. While one is unanswered for longer than `LATE`, or the kernel
// is gone, the line counts as down; an answer that comes after all puts it up again.

export const LATE = 1500;
const PING = 1000;
const REFRESH = 4;

export class Link {
  /** @param model the library's model; `tell(down)` is called when the line goes down or up. */
  constructor(model, tell) {
    this.model = model;
    this.tell = tell;
    this.down = false;
    this.waiting = new Map();
    this.number = 0;
    this.beats = 0;
    this.session = Math.random().toString(36).slice(2);
    this.hear = (message, buffers) => this.answered(message, buffers);
    this.look = () => this.check();
    model.on("msg:custom", this.hear);
    model.on("comm_live_update", this.look);
    this.timer = setInterval(() => this.beat(), PING / 2);
  }

  /** Ask; resolves with the reply and its buffers, whenever they come. */
  ask(op, values = {}) {
    const id = `${this.session}-${++this.number}`;
    return new Promise((resolve) => {
      this.waiting.set(id, { resolve, since: performance.now(), slow: op === "preview" || op === "files" });
      try {
        this.model.send({ ...values, id, op });
      } catch {
        this.dead = true;
      }
      this.check();
    });
  }

  answered(message, buffers) {
    const asked = this.waiting.get(message.re);
    if (!asked) return;
    this.waiting.delete(message.re);
    this.check();
    asked.resolve({ ...message, buffers });
  }

  check() {
    const now = performance.now();
    const late = [...this.waiting.values()].some((one) => now - one.since > (one.slow ? 30000 : LATE));
    const down = late || this.dead === true || this.model.comm_live === false;
    if (down === this.down) return;
    this.down = down;
    this.tell(down);
  }

  /** Twice a second: see who waits; ask for a sign of life once a second, for news every fourth time. */
  beat() {
    this.check();
    this.beats += 1;
    if (this.beats % 2 || !this.visible || document.visibilityState !== "visible") return;
    if ([...this.waiting.values()].some((one) => !one.slow)) return;
    if ((this.beats / 2) % REFRESH) this.ask("ping");
    else this.ask("refresh").then((reply) => this.news && this.news(reply));
  }

  close() {
    clearInterval(this.timer);
    this.model.off("msg:custom", this.hear);
    this.model.off("comm_live_update", this.look);
  }
}
