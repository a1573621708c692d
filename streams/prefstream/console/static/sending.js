// Answers on their way: kept in the browser until the server has them, and sent again while it cannot be reached.

import { LoggedOut, Refused, call, serverNow } from "./api.js";

const RETRY_MS = [1000, 2000, 4000, 8000, 15000, 30000];
const TOLD_AGAIN_MS = 60000;

export class Sending {
  /**
   * @param shelf where answers are kept
   * @param view what is told: sent, queued, lost, loggedOut
   * @param undo the path that takes answers back
   * @param mend called with an answer that has to be mended; says whether its task is on the screen
   */
  constructor({ shelf, view, undo, mend }) {
    Object.assign(this, { shelf, view, undo, mend });
    this.last = null;
    this.tries = 0;
    addEventListener("offline", () => this.view.queued(this.count(), true));
  }

  count() {
    return this.shelf.answers().length;
  }

  holds(leaseId) {
    return this.shelf.answers().some((entry) => entry.lease_id === leaseId);
  }

  /** Tell again of the answer that was sent before a reload, while it can be taken back. */
  remember() {
    const last = this.shelf.last();
    if (!last || last.undo !== this.undo) return;
    this.shelf.dropLast();
    const leftMs = Date.parse(last.undo_until) - serverNow();
    if (leftMs > 0) this.keepLast(last);
    if (leftMs > 0 || (last.feedback && Date.now() - last.at < TOLD_AGAIN_MS)) this.view.sent(last, leftMs);
  }

  /** Send one answer. Returns "sent", "queued", "lost", or "again" where it has to be mended. */
  async send(entry) {
    try {
      const taken = await call("POST", `/api/v1/leases/${entry.lease_id}/submit`, {
        fence: entry.fence,
        seconds: entry.seconds,
        answer: entry.answer,
      });
      this.taken(entry, taken);
      return "sent";
    } catch (error) {
      return this.notSent(entry, error);
    }
  }

  taken(entry, taken) {
    this.shelf.dropAnswer(entry.lease_id);
    this.shelf.dropDraft(entry.lease_id);
    this.tries = 0;
    this.keepLast({ ...entry, ...taken, undo: this.undo });
    this.view.sent(this.last, Date.parse(taken.undo_until) - serverNow());
    this.view.queued(this.count(), false);
  }

  keepLast(last) {
    this.last = last;
    this.shelf.keepLast({ ...last, answer: { verdict: last.answer.verdict } }); // what was written is sent
  }

  notSent(entry, error) {
    if (error instanceof LoggedOut) this.view.loggedOut();
    if (!(error instanceof Refused)) {
      this.view.queued(this.count(), true);
      this.retryLater();
      return "queued";
    }
    this.shelf.dropAnswer(entry.lease_id);
    const again = error.status === 422 && this.mend(entry);
    this.view.lost(again ? { ...entry, current: true } : entry, error);
    return again ? "again" : "lost";
  }

  retryLater() {
    clearTimeout(this.retrying);
    this.retrying = setTimeout(() => this.flush(), this.patience());
  }

  /** Milliseconds until the next try, the longer the more there were. */
  patience() {
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    return wait;
  }

  /** Send what waits, in order. Returns whether nothing waits any more. */
  async flush() {
    if (this.flushing) return this.flushing;
    this.flushing = this.flushAll();
    try {
      return await this.flushing;
    } finally {
      this.flushing = null;
    }
  }

  async flushAll() {
    for (const entry of this.shelf.answers()) {
      if ((await this.send(entry)) === "queued") return false;
    }
    this.view.queued(0, false);
    return true;
  }

  /** Return the last answer if it can still be taken back, once. */
  takeLast() {
    const { last } = this;
    if (!last || Date.parse(last.undo_until) < serverNow()) return null;
    this.last = null;
    this.shelf.dropLast();
    return last;
  }
}
