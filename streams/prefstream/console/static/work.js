// The page where people label pairs: joins the desk, the form, the keys and the dialogs.

import { banner, drop } from "./banners.js";
import { Bench } from "./bench.js";
import { clauseDialog, quoting } from "./citing.js";
import { Desk } from "./desk.js";
import { closeDrawers, setDrawer, toggleDrawer } from "./drawers.js";
import { Keys, typing } from "./keys.js";
import { saidBefore } from "./others.js";
import { PairForm } from "./pair.js";
import { refinementDialog, showRefinement } from "./refining.js";
import { sessionDialog } from "./session.js";
import { Telling } from "./telling.js";
import { _, ready } from "./words.js";

const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("desk").textContent);
const scale = new Map(
  [...document.querySelectorAll('.choice input[name="verdict"]')].map((one) => [
    one.value,
    one.parentElement.querySelector("span").textContent,
  ]),
);

await ready;

const form = new PairForm(facts, changed);
const bench = new Bench();
const telling = new Telling(facts, scale, {
  undo,
  resume: () => desk.resume(),
  leave: () => desk.leave(),
  pause: () => desk.pause(),
  reload: () => location.reload(),
});
const view = {
  show,
  state: (name, more) => telling.state(name, more),
  saved: (where) => telling.saved(where),
  sent: (entry, leftMs) => telling.sent(entry, leftMs),
  queued: (count, away) => telling.queued(count, away),
  lost: (entry, why) => telling.lost(entry, why),
  refused: (error) => telling.refused(error),
  loggedOut: sessionDialog(facts.person, () => desk.resume()),
};
const desk = new Desk({ person: facts.person, next: "/work/next", wanted: { round: facts.round }, view });
const openClauses = clauseDialog(form, facts);
const quotePassage = quoting(form, () => bench.html.plain);
refinementDialog(form, changed);
let revealed = false;
let submitting = false;

const keys = new Keys(
  {
    ...Object.fromEntries(facts.scale.map((verdict, n) => [`verdict_${n + 1}`, () => choose(verdict)])),
    unsure: () => choose("unsure"),
    both_bad: () => choose("both_bad"),
    specialist: working(() => form.toggleSpecialist()),
    cite: working(openClauses),
    quote: working(quote),
    rationale: working(() => $("rationale").focus()),
    dimensions: working(() => form.toRatings()),
    rubric: working(() => toggleDrawer("rubric")),
    difference: working(compare),
    prompt: working(() => $("prompt").focus()),
    left: working(() => $("left").focus()),
    right: working(() => $("right").focus()),
    reveal: working(reveal),
    adjudication: working(adjudicate),
    undo,
    pause: working(() => desk.pause()),
    help: () => $("help").showModal(),
  },
  facts.keys,
  facts.keys_on,
);

function working(act) {
  return () => desk.current && act();
}

function announce(text) {
  if (text) $("announce").textContent = text;
}

// --- A task -----------------------------------------------------------------------------------------

function show(found) {
  const { task } = found;
  if (task.rubric_id && task.rubric_id !== facts.rubric_id && reloadOnce(task.rubric_id)) return;
  revealed = false;
  bench.show(found);
  drop("gone");
  telling.gone(form.restore(desk.draft));
  showRound(task);
  telling.asides(task);
  drop("expired");
  announce(_("A new pair is shown."));
  // Out of the field of the pair before: else the next key would be typed instead of acting.
  if (!document.querySelector("dialog[open]")) $("main").focus({ preventScroll: true });
}

function reloadOnce(rubricId) {
  if (sessionStorage.getItem("prefstream.rubric") === rubricId) return false;
  sessionStorage.setItem("prefstream.rubric", rubricId);
  location.reload(); // the constitution changed: the task is held, and comes with the new rubric
  return true;
}

function showRound(task) {
  const informed = Boolean(task.shown);
  if (!$("others")) return;
  $("adjudication").hidden = task.round !== "adjudicate";
  $("reveal-button").hidden = !informed;
  setDrawer("others", false);
  if (!informed) return;
  $("others-text").replaceChildren(...saidBefore(task.shown, scale));
  if (!blindFirst()) reveal();
  showRefinement(form);
}

/** Whether one chooses before one sees what others said. */
function blindFirst() {
  return facts.blind_first && desk.current.task.round === "review";
}

function reveal() {
  if (!desk.current.task.shown) return;
  if (!revealed && blindFirst() && !form.verdict) {
    banner("blind", _("Choose first; then you see what others said."), { lasts_ms: 6000 });
    return;
  }
  drop("blind");
  if (revealed) toggleDrawer("others");
  else setDrawer("others", true);
  if (!revealed && blindFirst()) {
    form.seal();
    changed();
  }
  revealed = true;
}

function changed() {
  if (desk.current) desk.write(form.answer());
}

function choose(verdict) {
  if (!desk.current) return;
  form.choose(verdict);
  announce(_("Chosen: %(verdict)s", { verdict: scale.get(verdict) }));
}

async function submit() {
  if (!desk.current || submitting) return;
  if (!form.verdict) {
    banner("missing", _("Choose an answer first."), { tone: "warn", role: "alert", lasts_ms: 6000 });
    return;
  }
  drop("missing");
  // Who sends without having looked has chosen blind.
  const answer = form.answer();
  if (blindFirst() && !revealed) answer.blind_verdict ||= form.verdict;
  submitting = true;
  $("submit").disabled = true;
  try {
    await desk.submit(answer);
  } finally {
    submitting = false;
    $("submit").disabled = false;
  }
}

async function undo() {
  drop("undo");
  if (!(await desk.undo())) announce(_("There is nothing to undo any more."));
}

function compare() {
  announce(bench.compare());
}

function quote() {
  announce(quotePassage());
}

function adjudicate() {
  if ($("adjudication") && !$("adjudication").hidden) $("error-category").focus();
}

// --- Wiring -----------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && sends(event)) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape") escape(event);
  else if (!(facts.keys_on && form.rate(event))) keys.press(event);
});

/** Whether Enter sends: with Ctrl always; alone if a person says so, outside of fields and buttons. */
function sends(event) {
  if (event.ctrlKey || event.metaKey) return true;
  return facts.submit === "enter" && !event.target.closest("button, a, summary, textarea, select, input:not([type=radio])");
}

function escape(event) {
  if (typing(event.target) || event.target.closest(".rating")) $("main").focus({ preventScroll: true });
  else closeDrawers();
}

$("answer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
// Enter in a field of the form must not send by accident.
$("answer").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("input")) event.preventDefault();
});
// Pressing a button must not lose the selection that is to be quoted.
$("quote-button").addEventListener("mousedown", (event) => event.preventDefault());
const clicked = {
  "cite-button": openClauses,
  "quote-button": quote,
  "rubric-button": () => toggleDrawer("rubric"),
  "difference-button": compare,
  "help-button": () => $("help").showModal(),
  "pause-button": () => desk.pause(),
  "state-go": () => desk.goOn(),
  "prompt-button": () => bench.foldPrompt(),
  "reveal-button": reveal,
};
for (const [id, act] of Object.entries(clicked)) $(id)?.addEventListener("click", () => act());
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => toggleDrawer(button.dataset.close));
}
for (const button of document.querySelectorAll("[data-dismiss]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

desk.start();
