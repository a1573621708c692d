// The desk: tasks come, are kept alive, saved while they are written, sent, and taken back.
//
// It knows nothing of how a task looks. What shows it is told by calls:
//   show(found)        {task, html}: a task to work at; desk.draft holds what was written before, or null
//   state(name, more)  "looking" | "working" | "nothing" | "paused" | "break" | "offline"
//   saved(name)        "" | "here" | "server": where the draft is
//   sent(entry)        an answer was taken; entry.undo_until, entry.feedback
//   queued(count)      answers that wait for the network
//   lost(entry, why)   an answer, or a draft, that the server will not take; its text is in entry
//   loggedOut()        the session is over; call desk.resume() after logging in
// A page of another kind of task gives `next`, the path that lends its tasks.

import { Away, LoggedOut, Refused, call, serverNow } from "./api.js";
import { Shelf } from "./shelf.js";

const DRAFT_MS = 800;
const LOOK_AGAIN_MS = 20000;
const SEND_PATIENCE_MS = 2500;
const RETRY_MS = [1000, 2000, 4000, 8000, 15000, 30000];
const KEPT_ALIVE_MS = 5000;

export class Desk {
  constructor({ person, next, wanted, view, undo = "/work/submissions" }) {
    this.shelf = new Shelf(person);
    this.view = view;
    this.next = next;
    this.undoPath = undo;
    this.wanted = wanted;
    this.current = null;
    this.draft = null;
    this.waiting = [];
    this.last = null;
    this.beats = 0;
    this.tries = 0;
    this.stopped = false;
    addEventListener("online", () => this.resume());
    addEventListener("offline", () => this.view.queued(this.shelf.answers().length, true));
    document.addEventListener("visibilitychange", () => this.seen());
    addEventListener("pagehide", () => this.keepNow());
  }

  async start() {
    await this.flush();
    await this.goOn();
  }

  /** Go on after the network or the session came back. */
  async resume() {
    this.tries = 0;
    await this.flush();
    if (!this.current && !this.stopped) await this.goOn();
    else if (this.current) await this.beat();
  }

  /** Show the next task: one that waits, else one that is asked for. */
  async goOn() {
    clearTimeout(this.looking);
    this.stopped = false;
    // What is on its way is waited for: asked again, the server would lend the same task twice to us.
    if (!this.waiting.length && this.fetching) await this.fetching;
    let found = this.waiting.shift();
    if (!found) {
      this.view.state("looking");
      found = await this.guarded(() => this.lent(false));
      if (found === undefined) return;
    }
    if (found === null) {
      this.view.state("nothing");
      this.looking = setTimeout(() => this.lookAgain(), LOOK_AGAIN_MS);
      return;
    }
    this.put(found);
    this.fetchAhead();
  }

  lookAgain() {
    if (document.visibilityState === "visible" && !this.current && !this.stopped) this.goOn();
    else if (!this.current && !this.stopped) this.looking = setTimeout(() => this.lookAgain(), LOOK_AGAIN_MS);
  }

  async lent(ahead) {
    for (;;) {
      const found = await call("POST", this.next, { ...this.wanted, ahead });
      // What waits to be sent is done for this person, although the server cannot know it yet.
      if (!found || !this.isQueued(found.task.lease_id)) return found;
      if (ahead || !(await this.flush())) return null;
    }
  }

  isQueued(leaseId) {
    return this.shelf.answers().some((entry) => entry.lease_id === leaseId);
  }

  put(found) {
    this.current = found;
    const { task } = found;
    this.waiting = this.waiting.filter((one) => one.task.lease_id !== task.lease_id);
    this.draft = newer(this.shelf.draft(task.lease_id), task.draft);
    this.workedMs = (this.draft && this.draft.worked_ms) || 0;
    this.since = null;
    this.shownSaid = false;
    this.view.show(found);
    this.view.state("working");
    this.view.saved(this.draft ? "here" : "");
    this.seen();
    clearInterval(this.heart);
    this.heart = setInterval(() => this.beat(), Math.max(1, task.heartbeat_s) * 1000);
  }

  fetchAhead() {
    if (this.waiting.length || this.fetching) return;
    this.fetching = this.fetchOne().finally(() => {
      this.fetching = null;
    });
  }

  async fetchOne() {
    try {
      const found = await this.lent(true);
      const ids = [this.current, ...this.waiting].filter(Boolean).map((one) => one.task.lease_id);
      if (found && !ids.includes(found.task.lease_id)) this.waiting.push(found);
    } catch {
      // Nothing is lost: the next task is asked for when it is needed.
    }
  }

  /** Say that the task is before the person's eyes, once it is, and count the time it is. */
  seen() {
    const visible = document.visibilityState === "visible";
    if (this.since !== null && !visible) {
      this.workedMs += performance.now() - this.since;
      this.since = null;
      this.keepNow();
    }
    if (!this.current || !visible) return;
    if (this.since === null) this.since = performance.now();
    if (!this.shownSaid) this.sayShown();
    else this.beat();
  }

  async sayShown() {
    const { task } = this.current;
    this.shownSaid = true;
    requestAnimationFrame(() =>
      setTimeout(async () => {
        if (!this.current || this.current.task !== task) return; // sent faster than it was painted
        try {
          await call("POST", `/api/v1/leases/${task.lease_id}/shown`, { fence: task.fence });
        } catch (error) {
          if (error instanceof LoggedOut) this.view.loggedOut();
        }
      }),
    );
  }

  async beat() {
    if (document.visibilityState !== "visible" || performance.now() - this.beats < KEPT_ALIVE_MS) return;
    this.beats = performance.now();
    for (const found of [this.current, ...this.waiting].filter(Boolean)) await this.keepAlive(found);
  }

  async keepAlive(found) {
    const { lease_id: leaseId, fence } = found.task;
    try {
      await call("POST", `/api/v1/leases/${leaseId}/heartbeat`, { fence });
    } catch (error) {
      if (error instanceof LoggedOut) this.view.loggedOut();
      if (!(error instanceof Refused)) return;
      if (found !== this.current) this.waiting = this.waiting.filter((one) => one !== found);
      else this.view.lost({ lease_id: leaseId, answer: this.draft, current: true }, error);
    }
  }

  /** Take note of what the person has written: here at once, on the server soon. */
  write(draft) {
    if (!this.current) return;
    const leaseId = this.current.task.lease_id;
    this.draft = { ...draft, at: Date.now(), worked_ms: Math.round(this.worked()) };
    this.view.saved(this.shelf.keepDraft(leaseId, this.draft) ? "here" : "");
    clearTimeout(this.drafting);
    this.drafting = setTimeout(() => this.keepNow(), DRAFT_MS);
  }

  async keepNow() {
    clearTimeout(this.drafting);
    if (!this.current || !this.draft || this.draft === this.keptDraft) return;
    const { task } = this.current;
    const draft = this.draft;
    try {
      const path = `/api/v1/leases/${task.lease_id}/draft`;
      const short = JSON.stringify(draft).length < 30000; // browsers take no more on leaving
      await call("PUT", path, { fence: task.fence, draft }, { keepalive: short });
      this.keptDraft = draft;
      if (this.draft === draft) this.view.saved("server");
    } catch (error) {
      if (error instanceof LoggedOut) this.view.loggedOut();
      // Else it stays here, and goes along with the next change.
    }
  }

  worked() {
    return this.workedMs + (this.since === null ? 0 : performance.now() - this.since);
  }

  /** Send the answer; it is kept here until the server has it, and the next task is shown. */
  async submit(answer) {
    const { task } = this.current;
    const entry = {
      lease_id: task.lease_id,
      fence: task.fence,
      seconds: Math.round(this.worked() / 100) / 10,
      answer,
      at: Date.now(),
    };
    clearTimeout(this.drafting);
    clearInterval(this.heart);
    this.shelf.keepAnswer(entry);
    this.draft = null;
    const sending = this.send(entry);
    const done = await Promise.race([sending, later(SEND_PATIENCE_MS)]);
    if (done === "again") return; // the answer has to be mended: the task stays
    this.current = null;
    this.since = null;
    await this.goOn();
  }

  /** Send one answer. Returns "sent", "queued", "lost", or "again" where it has to be mended. */
  async send(entry) {
    try {
      const taken = await call("POST", `/api/v1/leases/${entry.lease_id}/submit`, {
        fence: entry.fence,
        seconds: entry.seconds,
        answer: entry.answer,
      });
      this.shelf.dropAnswer(entry.lease_id);
      this.shelf.dropDraft(entry.lease_id);
      this.tries = 0;
      this.last = { ...entry, ...taken };
      this.view.sent(this.last, Date.parse(taken.undo_until) - serverNow());
      this.view.queued(this.shelf.answers().length, false);
      return "sent";
    } catch (error) {
      return this.notSent(entry, error);
    }
  }

  notSent(entry, error) {
    if (error instanceof LoggedOut) this.view.loggedOut();
    if (!(error instanceof Refused)) {
      this.view.queued(this.shelf.answers().length, true);
      this.retryLater();
      return "queued";
    }
    this.shelf.dropAnswer(entry.lease_id);
    const here = this.current && this.current.task.lease_id === entry.lease_id;
    if (here && error.status === 422) {
      this.write(entry.answer);
      this.view.lost({ ...entry, current: true }, error);
      return "again";
    }
    this.view.lost(entry, error);
    return "lost";
  }

  retryLater() {
    clearTimeout(this.retrying);
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    this.retrying = setTimeout(() => this.flush(), wait);
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

  /** Take the last answer back: its task is shown again, with the answer in the form. */
  async undo() {
    const { last } = this;
    if (!last || Date.parse(last.undo_until) < serverNow()) return false;
    this.last = null;
    const found = await this.guarded(() => call("POST", `${this.undoPath}/${last.submission_id}/undo`, {}));
    if (!found) return false;
    await this.keepNow();
    if (this.current) this.waiting.unshift(this.current);
    this.put(found);
    return true;
  }

  /** Give back what is held; what was written stays as the draft. */
  async pause() {
    await this.keepNow();
    const held = [this.current, ...this.waiting].filter(Boolean);
    this.current = null;
    this.since = null;
    this.waiting = [];
    this.stopped = true;
    clearInterval(this.heart);
    this.view.state("break");
    for (const { task } of held) {
      try {
        await call("POST", `/api/v1/leases/${task.lease_id}/release`, { fence: task.fence });
      } catch {
        // It ends by itself.
      }
    }
  }

  /** Give the task up, e.g. one whose time ran out, and go on. */
  async leave() {
    this.current = null;
    this.since = null;
    await this.goOn();
  }

  /** Do something that needs the server; `undefined`: it could not be done, and the page says why. */
  async guarded(act) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof LoggedOut) this.view.loggedOut();
      else if (error instanceof Away) this.away();
      else if (error instanceof Refused && error.kind === "paused") this.view.state("paused", error.message);
      else if (error instanceof Refused) this.view.refused(error);
      else throw error;
      return undefined;
    }
  }

  away() {
    if (!this.current) this.view.state("offline");
    clearTimeout(this.looking);
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    this.looking = setTimeout(() => !this.current && !this.stopped && this.goOn(), wait);
  }
}

function newer(here, there) {
  if (!here || !there) return here || there || null;
  return (there.at || 0) > (here.at || 0) ? there : here;
}

function later(ms) {
  return new Promise((resolve) => setTimeout(() => resolve("late"), ms));
}
