// The page where people label pairs: joins the desk, the form, the keys and the dialogs.

import { banner, drop } from "./banners.js";
import { Desk } from "./desk.js";
import { Keys, rove, typing } from "./keys.js";
import { saidBefore } from "./others.js";
import { PairForm, element, selectedPassage, sentencesOf } from "./pair.js";
import { sessionDialog } from "./session.js";
import { _, ngettext, ready } from "./words.js";

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
const showSession = sessionDialog(facts.person, () => desk.resume());
let comparing = false;
let revealed = false;

const view = {
  show,
  state,
  saved(where) {
    $("saved").textContent = { here: _("Saved here"), server: _("Saved") }[where] || "";
  },
  sent(entry, left_ms) {
    if (entry.feedback) banner("feedback", feedbackText(entry.feedback), { tone: entry.feedback.right ? "good" : "warn" });
    if (left_ms <= 0) return;
    const acts = [[facts.keys_on ? `${_("Undo")} (${facts.keys.undo.toUpperCase()})` : _("Undo"), undo]];
    banner("undo", _("Sent: %(verdict)s", { verdict: scale.get(entry.answer.verdict) }), {
      tone: "good", acts, lasts_ms: left_ms, closes: false,
    });
  },
  queued(count, away) {
    if (!count) return away ? offlineBanner() : drop("queued");
    const text = ngettext(
      "%(num)s answer is not sent yet. It is kept here and goes out by itself.",
      "%(num)s answers are not sent yet. They are kept here and go out by themselves.",
      count,
    );
    return banner("queued", text, { tone: "warn", acts: [[_("Send now"), () => desk.resume()]], closes: false });
  },
  lost,
  refused(error) {
    banner("refused", error.message, { tone: "bad", role: "alert" });
  },
  loggedOut: showSession,
};
const desk = new Desk({ person: facts.person, next: "/work/next", wanted: { round: facts.round }, view });

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

// --- A task -----------------------------------------------------------------------------------------

function show({ task, html }) {
  if (facts.rubric_id && task.rubric_id && task.rubric_id !== facts.rubric_id && reloadOnce(task.rubric_id)) return;
  comparing = false;
  revealed = false;
  $("bench").dataset.lease = task.lease_id;
  $("messages").replaceChildren(...task.messages.map((message, n) => messageRow(message.role, html.messages[n])));
  $("task-round").textContent = { review: _("Review"), adjudicate: _("Adjudicate") }[task.round] || _("Annotate");
  $("task-slice").textContent = task.slice;
  for (const id of ["prompt", "left", "right"]) $(id).scrollTop = 0;
  $("difference-button").disabled = !html.difference;
  form.restore(desk.draft);
  showPanes();
  showRound(task);
  if (task.notice) banner("notice", task.notice, { tone: "warn" });
  if (task.rest && facts.breaks) restBanner(task.rest);
  drop("expired");
  $("announce").textContent = _("A new pair is shown.");
  // Out of the field of the pair before: else the next key would be typed instead of acting.
  if (!document.querySelector("dialog[open]")) $("main").focus({ preventScroll: true });
}

function messageRow(role, html) {
  const names = { system: _("System"), user: _("User"), assistant: _("Assistant"), tool: _("Tool") };
  const text = element("div", {});
  text.innerHTML = html; // sanitised by the server
  return element("div", { class: "message" }, element("span", { class: "role" }, names[role] || role), text);
}

function showPanes() {
  const { html } = desk.current;
  const shown = comparing ? html.difference : html;
  for (const side of ["left", "right"]) {
    const box = $(side).querySelector(".pane-text");
    const inside = comparing ? element("div", { class: "compared", dir: "auto" }) : element("div", {});
    inside.innerHTML = shown[side]; // sanitised by the server
    box.replaceChildren(inside);
  }
  $("difference-button").setAttribute("aria-pressed", String(comparing));
}

function showRound(task) {
  const informed = Boolean(task.shown);
  if (!$("others")) return;
  $("adjudication").hidden = task.round !== "adjudicate";
  $("reveal-button").hidden = !informed;
  setDrawer("others", false);
  if (!informed) return;
  $("others-text").replaceChildren(...saidBefore(task.shown, scale));
  if (task.round === "adjudicate" || !facts.blind_first) reveal();
  showRefinement();
}

function reveal() {
  const { task } = desk.current;
  if (!task.shown) return;
  if (!revealed && facts.blind_first && task.round === "review" && !form.verdict) {
    banner("blind", _("Choose first; then you see what others said."), { lasts_ms: 6000 });
    return;
  }
  drop("blind");
  if (revealed) toggleDrawer("others");
  else setDrawer("others", true);
  revealed = true;
}

function changed() {
  if (!desk.current) return;
  desk.write(form.answer());
}

function choose(verdict) {
  if (!desk.current) return;
  form.choose(verdict);
  $("announce").textContent = _("Chosen: %(verdict)s", { verdict: scale.get(verdict) });
}

async function submit() {
  if (!desk.current || sending) return;
  if (!form.verdict) {
    banner("missing", _("Choose an answer first."), { tone: "warn", role: "alert", lasts_ms: 6000 });
    return;
  }
  drop("missing");
  sending = true;
  $("submit").disabled = true;
  try {
    await desk.submit(form.answer());
  } finally {
    sending = false;
    $("submit").disabled = false;
  }
}
let sending = false;

async function undo() {
  drop("undo");
  if (!(await desk.undo())) $("announce").textContent = _("There is nothing to undo any more.");
}

// --- States -----------------------------------------------------------------------------------------

function state(name, more = "") {
  const working = name === "working";
  $("bench").hidden = !working;
  $("state").hidden = working;
  if (working) return;
  const [title, text, go] = {
    looking: [_("Looking for a task"), "", ""],
    nothing: [_("Nothing to do right now"), _("New tasks show up here by themselves."), _("Look again")],
    paused: [_("Your work is paused"), more, _("Look again")],
    break: [_("Taking a break"), _("Your task was given back; what you wrote is kept for it."), _("Go on")],
    offline: [_("No connection"), _("Nothing is lost. The page goes on by itself when the connection is back."), _("Try again")],
  }[name];
  $("state-title").textContent = title;
  $("state-text").textContent = text;
  $("state-go").hidden = !go;
  $("state-go").textContent = go;
  $("saved").textContent = "";
}

function offlineBanner() {
  banner("queued", _("No connection. What you write is kept here."), { tone: "warn", closes: false });
}

function lost(entry, why) {
  const text = entry.answer && entry.answer.rationale;
  const acts = [];
  if (text) acts.push([_("Copy the rationale"), () => navigator.clipboard.writeText(text)]);
  if (entry.current && why.status !== 422) acts.push([_("Go to the next task"), () => desk.leave()]);
  const said = entry.current
    ? _("%(why)s What you wrote stays here; you can still try to send it.", { why: sentence(why.message) })
    : _("An answer could not be taken: %(why)s", { why: sentence(why.message) });
  banner(entry.current ? "expired" : "lost", text && !entry.current ? `${said}\n${text}` : said, { tone: "bad", acts, role: "alert" });
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function restBanner(rest) {
  const minutes = Math.round((rest.worked_s || 0) / 60);
  const text = minutes
    ? ngettext("You have worked for %(num)s minute. A break would do you good.", "You have worked for %(num)s minutes. A break would do you good.", minutes)
    : _("A break would do you good.");
  banner("rest", text, { acts: [[_("Take a break"), () => desk.pause()]] });
}

function feedbackText(feedback) {
  const parts = [feedback.text, feedback.why, feedback.message].filter(Boolean);
  const expected = scale.get(feedback.expected);
  if (expected) parts.unshift(_("Expected: %(verdict)s", { verdict: expected }));
  return parts.join("\n") || _("Thank you.");
}

function reloadOnce(rubricId) {
  if (sessionStorage.getItem("prefstream.rubric") === rubricId) return false;
  sessionStorage.setItem("prefstream.rubric", rubricId);
  location.reload(); // the constitution changed: the task is held, and comes with the new rubric
  return true;
}

// --- Drawers and dialogs ----------------------------------------------------------------------------

function setDrawer(id, open) {
  for (const one of ["rubric", "others"]) {
    if (!$(one)) continue;
    const shown = one === id && open;
    if (one !== id && !open) continue;
    $(one).hidden = !shown;
    $(one === "rubric" ? "rubric-button" : "reveal-button").setAttribute("aria-expanded", String(shown));
  }
}

function toggleDrawer(id) {
  const open = $(id).hidden;
  setDrawer(id, open);
  if (open) $(id).focus();
  else $("main").focus({ preventScroll: true });
}

function compare() {
  if (!desk.current.html.difference) return;
  comparing = !comparing;
  showPanes();
  $("announce").textContent = comparing ? _("The difference is shown.") : _("The texts are shown.");
}

function picks() {
  return [...$("clause-picks").querySelectorAll("input")].filter((one) => !one.closest("li").hidden);
}

function openClauses() {
  $("clause-search").value = "";
  findClauses();
  for (const box of $("clause-picks").querySelectorAll("input")) box.checked = form.cited.includes(box.value);
  $("clauses").showModal();
  (picks()[0] || $("clause-search")).focus();
}

function findClauses() {
  const wanted = $("clause-search").value.trim().toLowerCase();
  for (const row of $("clause-picks").children) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  for (const mark of $("clause-picks").querySelectorAll("kbd")) mark.textContent = "";
  if (!facts.keys_on) return;
  picks().slice(0, 9).forEach((box, n) => {
    box.parentElement.querySelector("kbd").textContent = String(n + 1);
  });
}

function pressInClauses(event) {
  if (event.key === "Enter" && !event.target.closest("button")) {
    event.preventDefault();
    $("clauses").close();
    return;
  }
  rove(event, picks());
  if (event.defaultPrevented || typing(event.target) || !facts.keys_on || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = /^[1-9]$/.test(event.key) ? picks()[Number(event.key) - 1] : null;
  if (event.key === "/") $("clause-search").focus();
  else if (box) box.click();
  else return;
  event.preventDefault();
}

function quote() {
  const passage = selectedPassage();
  if (!passage) return openPassages();
  getSelection().removeAllRanges();
  if (form.addQuote(passage.response, passage.text)) $("announce").textContent = _("Quoted.");
}

function openPassages() {
  const place = $("passage-picks");
  place.replaceChildren();
  const { plain } = desk.current.html;
  for (const [side, title] of [["a", _("Left")], ["b", _("Right")]]) {
    const list = element("ul", { class: "picks", "aria-label": title });
    for (const sentence of sentencesOf(plain[side])) list.append(passageRow(side, sentence));
    place.append(element("h3", {}, title), list);
  }
  $("passages").showModal();
  place.querySelector("input")?.focus();
}

function passageRow(response, sentence) {
  const box = element("input", { type: "checkbox" });
  const text = sentence.replace(/\s+/g, " ");
  box.checked = form.quotes.some((one) => one.response === response && one.text === text);
  box.addEventListener("change", () => {
    if (box.checked) form.addQuote(response, text);
    else form.quotes.filter((one) => one.response === response && one.text === text).forEach((one) => form.dropQuote(one));
  });
  return element("li", {}, element("label", {}, box, element("span", { dir: "auto" }, text)));
}

function adjudicate() {
  if (!$("adjudication") || $("adjudication").hidden) return;
  $("error-category").focus();
}

function openRefinement() {
  const said = form.refinement || { clause: form.cited.at(-1) || "", kind: "rule", text: "" };
  $("refinement-clause").value = said.clause;
  $("refinement-kind").value = said.kind;
  $("refinement-text").value = said.text;
  $("refinement").showModal();
}

function keepRefinement(event) {
  const clause = $("refinement-clause").value.trim();
  const text = $("refinement-text").value.trim();
  if (!clause || !text) {
    event.preventDefault();
    (clause ? $("refinement-text") : $("refinement-clause")).focus();
    return;
  }
  form.refinement = { clause, kind: $("refinement-kind").value, text };
  showRefinement();
  changed();
}

function showRefinement() {
  const said = form.refinement;
  $("refinement-said").textContent = said ? _("Proposed for %(clause)s", { clause: said.clause }) : "";
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
  else for (const id of ["rubric", "others"]) if ($(id) && !$(id).hidden) setDrawer(id, false);
}

$("answer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
// Enter in a field of the form must not send by accident.
$("answer").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("input")) event.preventDefault();
});
$("clauses").addEventListener("keydown", pressInClauses);
$("clause-search").addEventListener("input", findClauses);
$("clause-picks").addEventListener("change", (event) => form.cite(event.target.value, event.target.checked));
$("passages").addEventListener("keydown", (event) => {
  rove(event, [...$("passage-picks").querySelectorAll("input")]);
  if (event.key === "Enter" && !event.target.closest("button")) {
    event.preventDefault();
    $("passages").close();
  }
});
$("cite-button").addEventListener("click", openClauses);
// Pressing a button must not lose the selection that is to be quoted.
$("quote-button").addEventListener("mousedown", (event) => event.preventDefault());
$("quote-button").addEventListener("click", quote);
$("rubric-button").addEventListener("click", () => toggleDrawer("rubric"));
$("difference-button").addEventListener("click", compare);
$("help-button").addEventListener("click", () => $("help").showModal());
$("pause-button").addEventListener("click", () => desk.pause());
$("state-go").addEventListener("click", () => desk.goOn());
$("prompt-button").addEventListener("click", () => {
  const folded = !$("messages").hidden;
  $("messages").hidden = folded;
  $("prompt-button").setAttribute("aria-expanded", String(!folded));
});
$("reveal-button")?.addEventListener("click", reveal);
$("refine-button")?.addEventListener("click", openRefinement);
$("refinement-form")?.addEventListener("submit", keepRefinement);
$("refinement-drop")?.addEventListener("click", () => {
  form.refinement = null;
  showRefinement();
  changed();
  $("refinement").close();
});
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => toggleDrawer(button.dataset.close));
}
for (const button of document.querySelectorAll("[data-dismiss]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

desk.start();
