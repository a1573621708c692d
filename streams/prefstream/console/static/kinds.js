// Pages of tasks other than pairs: the desk hands out tasks, the server sends their form, this fills it in.

import { Desk } from "./desk.js";
import { Form } from "./kind_form.js";

const root = document.getElementById("desk");
const { kind, person } = root.dataset;
const form = new Form(document.getElementById("task"), kind);
const said = document.getElementById("said");
const wrong = document.getElementById("wrong");
const undo = document.getElementById("undo");
const stop = document.getElementById("stop");
const go = document.getElementById("go");
const saved = document.getElementById("draft");
let undoTimer = 0;

const view = {
  show({ html }) {
    complain("");
    form.fill(html, desk.draft);
    say(root.dataset.sayShown);
    form.focusFirst();
  },
  state(name, more) {
    if (name !== "working") form.clear();
    stop.hidden = name !== "working";
    go.hidden = name !== "break";
    const words = { looking: "sayLoading", nothing: "sayNothing", offline: "sayAway", break: "sayStopped" };
    if (name in words) say(root.dataset[words[name]]);
    if (name === "paused") say(more);
  },
  saved(name) {
    saved.textContent = name === "server" ? root.dataset.saySaved : "";
  },
  sent(entry, leftMs) {
    say(root.dataset.saySent);
    offerUndo(leftMs);
  },
  queued(count, away) {
    if (count && away) say(root.dataset.sayAway);
  },
  lost(entry, why) {
    complain(why.message);
    form.enable(true);
    if (!entry.current) return;
    if (why.status !== 422) setTimeout(() => desk.leave(), 0);
  },
  refused(error) {
    complain(error.message);
  },
  loggedOut() {
    location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  },
};

const desk = new Desk({ person, next: `/tasks/${kind}/next`, undo: `/tasks/${kind}/submissions`, wanted: {}, view });

form.onChange = () => desk.write(form.draft());
form.onSubmit = async () => {
  if (!desk.current) return;
  const missing = form.missing();
  if (missing) {
    complain(root.dataset.sayIncomplete);
    missing.focus();
    return;
  }
  complain("");
  form.enable(false);
  await desk.submit(form.answer());
};
document.getElementById("undo-button").addEventListener("click", async () => {
  undo.hidden = true;
  if (await desk.undo()) say(root.dataset.sayBack);
});
stop.addEventListener("click", async () => {
  await desk.pause();
  go.focus();
});
go.addEventListener("click", () => desk.goOn());
desk.start();

function offerUndo(leftMs) {
  clearTimeout(undoTimer);
  undo.hidden = leftMs <= 0;
  if (leftMs <= 0) return;
  undoTimer = setTimeout(() => {
    if (undo.contains(document.activeElement)) form.focusFirst();
    undo.hidden = true;
  }, leftMs);
}

function say(words) {
  said.textContent = words;
}

function complain(words) {
  wrong.textContent = words;
  wrong.hidden = !words;
}
