// The desk: tasks come, are saved while they are answered, sent, and taken back.
//
// It knows nothing of how a task looks. What shows it is told by calls:
//   show(found)        {task, html}: a task to work at; desk.draft holds what was written before, or null
//   state(name, more)  "looking" | "working" | "nothing" | "paused" | "break" | "offline"
//   saved(name)        "" | "here" | "server": where the draft is
//   sent(entry, ms)    an answer was taken, and can be taken back for so long; entry.feedback
//   queued(count)      answers that wait for the network
//   lost(entry, why)   an answer, or a draft, that the server will not take; its text is in entry
//   refused(why)       the server will do nothing for us, and says why
//   loggedOut()        the session is over; call desk.resume() after logging in
// A page of another kind of task gives `next`, the path that lends its tasks.

import { Away, LoggedOut, Refused, call } from "./api.js";
import { Presence } from "./presence.js";
import { Sending } from "./sending.js";
import { Shelf } from "./shelf.js";

const DRAFT_MS = 800;
const LOOK_AGAIN_MS = 20000;
const SEND_PATIENCE_MS = 2500;
const SHOWN_PATIENCE_MS = 1000;

export class Desk {
  constructor({ person, next, wanted, view, undo = "/work/submissions" }) {
    this.shelf = new Shelf(person);
    this.view = view;
    this.next = next;
    this.wanted = wanted;
    this.current = null;
    this.draft = null;
    this.waiting = [];
    this.stopped = false;
    this.sending = new Sending({ shelf: this.shelf, view, undo, mend: (entry) => this.mend(entry) });
    this.presence = new Presence({
      held: () => this.held(),
      hidden: () => this.keepNow(),
      lost: (found, why) => this.dropHeld(found, why),
      loggedOut: () => this.view.loggedOut(),
    });
    addEventListener("online", () => this.resume());
    addEventListener("pagehide", () => this.keepNow());
  }

  async start() {
    this.sending.remember();
    await this.sending.flush();
    await this.goOn();
  }

  /** Go on after the network or the session came back. */
  async resume() {
    this.sending.tries = 0;
    await this.sending.flush();
    if (!this.current && !this.stopped) await this.goOn();
    else if (this.current) await this.presence.beat();
  }

  /** The tasks that are held, the one on the screen first. */
  held() {
    return [this.current, ...this.waiting].filter(Boolean);
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
    if (this.current || this.stopped) return;
    if (document.visibilityState === "visible") this.goOn();
    else this.looking = setTimeout(() => this.lookAgain(), LOOK_AGAIN_MS);
  }

  async lent(ahead) {
    for (;;) {
      const found = await call("POST", this.next, { ...this.wanted, ahead });
      // What waits to be sent is done for this person, although the server cannot know it yet.
      if (!found || !this.sending.holds(found.task.lease_id)) return found;
      if (ahead || !(await this.sending.flush())) return null;
    }
  }

  put(found) {
    this.current = found;
    const { task } = found;
    this.waiting = this.waiting.filter((one) => one.task.lease_id !== task.lease_id);
    this.draft = newer(this.shelf.draft(task.lease_id), task.draft);
    this.view.show(found);
    this.view.state("working");
    this.view.saved(this.draft ? "here" : "");
    this.presence.begin(found, (this.draft && this.draft.worked_ms) || 0);
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
      const ids = this.held().map((one) => one.task.lease_id);
      if (found && !ids.includes(found.task.lease_id)) this.waiting.push(found);
    } catch {
      // Nothing is lost: the next task is asked for when it is needed.
    }
  }

  dropHeld(found, why) {
    if (found !== this.current) this.waiting = this.waiting.filter((one) => one !== found);
    else this.view.lost({ lease_id: found.task.lease_id, answer: this.draft, current: true }, why);
  }

  /** Take note of what the person has written: here at once, on the server soon. */
  write(draft) {
    if (!this.current) return;
    const leaseId = this.current.task.lease_id;
    this.draft = { ...draft, at: Date.now(), worked_ms: Math.round(this.presence.worked()) };
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

  /** Send the answer; it is kept here until the server has it, and the next task is shown. */
  async submit(answer) {
    const { task } = this.current;
    const seconds = Math.round(this.presence.worked() / 100) / 10;
    const entry = { lease_id: task.lease_id, fence: task.fence, seconds, answer, at: Date.now() };
    clearTimeout(this.drafting);
    this.presence.stop();
    this.shelf.keepAnswer(entry);
    this.draft = null;
    // The server counts from when it knows that the task was shown: that goes first.
    const known = Promise.race([this.presence.said, later(SHOWN_PATIENCE_MS)]);
    const sent = known.then(() => this.sending.send(entry));
    const done = await Promise.race([sent, later(SEND_PATIENCE_MS)]);
    if (done === "again") this.presence.goOn();
    else await this.leave();
  }

  /** Put an answer that has to be mended back as the draft, where its task is still on the screen. */
  mend(entry) {
    if (!this.current || this.current.task.lease_id !== entry.lease_id) return false;
    this.write(entry.answer);
    return true;
  }

  /** Take the last answer back: its task is shown again, with the answer in the form. */
  async undo() {
    const last = this.sending.takeLast();
    if (!last) return false;
    const path = `${last.undo}/${last.submission_id}/undo`;
    const found = await this.guarded(() => call("POST", path, {}));
    if (!found) return false;
    await this.keepNow();
    if (this.current) this.waiting.unshift(this.current);
    this.put(found);
    return true;
  }

  /** Give back what is held; what was written stays as the draft. */
  async pause() {
    await this.keepNow();
    const held = this.held();
    this.clear();
    this.waiting = [];
    this.stopped = true;
    this.view.state("break");
    for (const { task } of held) {
      try {
        await call("POST", `/api/v1/leases/${task.lease_id}/release`, { fence: task.fence });
      } catch {
        // It ends by itself.
      }
    }
  }

  /** Be done with the task, sent or given up, and go on. */
  async leave() {
    this.clear();
    await this.goOn();
  }

  clear() {
    this.current = null;
    this.presence.end();
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
    this.looking = setTimeout(() => !this.current && !this.stopped && this.goOn(), this.sending.patience());
  }
}

function newer(here, there) {
  if (!here || !there) return here || there || null;
  return (there.at || 0) > (here.at || 0) ? there : here;
}

function later(ms) {
  return new Promise((resolve) => setTimeout(() => resolve("late"), ms));
}
