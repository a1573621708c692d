// What is before a person's eyes: said to the server once it is, kept alive while it is, its time counted.

import { LoggedOut, Refused, call } from "./api.js";

const KEPT_ALIVE_MS = 5000;

export class Presence {
  /**
   * @param held returns the tasks that are held
   * @param hidden called when the page is not seen any more
   * @param lost called with a held task that is not this person's any more, and why
   * @param loggedOut called when the session is over
   */
  constructor({ held, hidden, lost, loggedOut }) {
    Object.assign(this, { held, hidden, lost, loggedOut });
    this.current = null;
    this.workedMs = 0;
    this.since = null;
    this.beats = 0;
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** Another task is on the screen; so long was worked at it before. */
  begin(found, workedMs) {
    this.current = found;
    this.workedMs = workedMs;
    this.since = null;
    this.shownSaid = false;
    this.said = Promise.resolve();
    this.look();
    this.goOn();
  }

  /** Go on keeping alive what is on the screen. */
  goOn() {
    this.stop();
    if (!this.current) return;
    this.everyMs = Math.max(1, this.current.task.heartbeat_s) * 1000;
    this.heart = setInterval(() => this.beat(), this.everyMs);
  }

  stop() {
    clearInterval(this.heart);
  }

  end() {
    this.stop();
    this.current = null;
    this.since = null;
  }

  /** Milliseconds for which the task was seen. */
  worked() {
    return this.workedMs + (this.since === null ? 0 : performance.now() - this.since);
  }

  /** Take note of whether the page is seen. */
  look() {
    const visible = document.visibilityState === "visible";
    if (!this.current) return;
    if (this.since !== null && !visible) {
      this.workedMs += performance.now() - this.since;
      this.since = null;
      this.hidden();
    }
    if (!visible) return;
    if (this.since === null) this.since = performance.now();
    if (!this.shownSaid) this.sayShown();
    else this.beat();
  }

  /** Say that the task is seen, once it is painted; `said` resolves when the server knows, or cannot be told. */
  sayShown() {
    const { task } = this.current;
    this.shownSaid = true;
    this.said = new Promise((done) => requestAnimationFrame(() => setTimeout(done))).then(() => this.callShown(task));
  }

  async callShown(task) {
    if (!this.current || this.current.task !== task) return; // gone faster than it was painted
    try {
      await call("POST", `/api/v1/leases/${task.lease_id}/shown`, { fence: task.fence });
    } catch (error) {
      if (error instanceof LoggedOut) this.loggedOut();
    }
  }

  /** Say to the server that what is held is still wanted. */
  async beat() {
    const gapMs = Math.min(KEPT_ALIVE_MS, (this.everyMs || KEPT_ALIVE_MS) / 2);
    if (document.visibilityState !== "visible" || performance.now() - this.beats < gapMs) return;
    this.beats = performance.now();
    for (const found of this.held()) await this.keepAlive(found);
  }

  async keepAlive(found) {
    const { lease_id: leaseId, fence } = found.task;
    try {
      await call("POST", `/api/v1/leases/${leaseId}/heartbeat`, { fence });
    } catch (error) {
      if (error instanceof LoggedOut) this.loggedOut();
      if (error instanceof Refused) this.lost(found, error);
    }
  }
}
