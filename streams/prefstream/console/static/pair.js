// A pair and the form that answers it.

import { _ } from "./words.js";

const MAX_SENTENCES = 400;
const MAX_QUOTE = 2000;

export class PairForm {
  /** @param changed called after every change a person makes */
  constructor(desk, changed) {
    this.facts = desk;
    this.form = document.getElementById("answer");
    this.cited = [];
    this.quotes = [];
    this.refinement = null;
    this.blind = null;
    this.changed = changed;
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => this.changed());
  }

  get verdict() {
    return this.form.elements.verdict.value || null;
  }

  set verdict(value) {
    for (const one of this.form.elements.verdict) one.checked = one.value === value;
  }

  choose(value) {
    this.verdict = value;
    this.changed();
  }

  toggleSpecialist() {
    const box = this.form.elements.needs_specialist;
    box.checked = !box.checked;
    this.changed();
  }

  /** Keep the choice as the one made before seeing what others said; the first one counts. */
  seal() {
    this.blind = this.blind || this.verdict;
  }

  /** What is said so far, as an answer; also without a verdict, as a draft. */
  answer() {
    const category = document.getElementById("error-category");
    const informed = category && !document.getElementById("adjudication").hidden;
    return {
      verdict: this.verdict,
      blind_verdict: this.blind,
      dimensions: this.ratings(),
      rationale: this.form.elements.rationale.value,
      clauses: this.cited,
      quotes: this.quotes,
      needs_specialist: this.form.elements.needs_specialist.checked,
      error_category: (informed && category.value) || null,
      refinement: (informed && this.refinement) || null,
    };
  }

  /**
   * Show what was written before; an empty form for null.
   * @returns the clauses it cited that the rubric does not have any more
   */
  restore(draft) {
    const said = draft || {};
    this.verdict = said.verdict || null;
    this.form.elements.needs_specialist.checked = Boolean(said.needs_specialist);
    this.form.elements.rationale.value = said.rationale || "";
    const known = new Set(this.facts.clauses);
    const cited = said.clauses || [];
    this.cited = cited.filter((one) => known.has(one));
    this.quotes = (said.quotes || []).map((one) => ({ ...one, clause: known.has(one.clause) ? one.clause : null }));
    this.blind = said.blind_verdict || null;
    this.refinement = said.refinement || null;
    const category = document.getElementById("error-category");
    if (category) category.value = said.error_category || "";
    for (const box of this.form.querySelectorAll("[data-dimension] input")) {
      box.checked = String((said.dimensions || {})[dimensionOf(box)]) === box.value;
    }
    this.showCited();
    this.showQuotes();
    return cited.filter((one) => !known.has(one));
  }

  ratings() {
    const checked = this.form.querySelectorAll("[data-dimension] input:checked");
    return Object.fromEntries([...checked].map((box) => [dimensionOf(box), Number(box.value)]));
  }

  /** A digit pressed while a rating has the focus: rate, and go to the next. */
  rate(event) {
    const rating = event.target.closest("[data-dimension]");
    if (!rating || !/^[1-5]$/.test(event.key)) return false;
    event.preventDefault();
    rating.querySelector(`input[value="${event.key}"]`).checked = true;
    this.changed();
    const all = [...this.form.querySelectorAll("[data-dimension]")];
    const next = all[all.indexOf(rating) + 1];
    if (next) focusRating(next);
    return true;
  }

  toRatings() {
    const all = [...this.form.querySelectorAll("[data-dimension]")];
    const open = all.find((one) => !one.querySelector("input:checked")) || all[0];
    if (open) focusRating(open);
  }

  cite(clause, on) {
    const others = this.cited.filter((one) => one !== clause);
    this.cited = on ? [...others, clause] : others;
    this.showCited();
    this.changed();
  }

  addQuote(response, text) {
    const words = text.replace(/\s+/g, " ").trim().slice(0, MAX_QUOTE);
    if (!words || this.quotes.length >= 50) return false;
    if (this.quotes.some((one) => one.response === response && one.text === words)) return false;
    this.quotes = [...this.quotes, { response, text: words, clause: this.cited.at(-1) || null }];
    this.showQuotes();
    this.changed();
    return true;
  }

  dropQuote(quote) {
    this.quotes = this.quotes.filter((one) => one !== quote);
    this.showQuotes();
    this.changed();
  }

  showCited() {
    const rows = this.cited.map((clause) => {
      const row = element("li", {}, element("bdi", {}, clause));
      row.append(dropButton(_("Do not cite %(name)s", { name: clause }), () => this.cite(clause, false)));
      return row;
    });
    document.getElementById("cited").replaceChildren(...rows);
  }

  showQuotes() {
    document.getElementById("quotes").replaceChildren(...this.quotes.map((one) => this.quoteRow(one)));
  }

  quoteRow(quote) {
    const side = quote.response === "a" ? _("Left") : _("Right");
    const row = element("li", { title: quote.text }, element("span", { class: "soft" }, side));
    row.append(element("q", { dir: "auto" }, quote.text));
    if (this.facts.clauses.length) row.append(this.clauseOf(quote));
    row.append(dropButton(_("Drop this quote"), () => this.dropQuote(quote)));
    return row;
  }

  clauseOf(quote) {
    const select = element("select", { "aria-label": _("The clause it speaks for or against") });
    select.append(element("option", { value: "" }, _("no clause")));
    for (const clause of this.facts.clauses) select.append(element("option", { value: clause }, clause));
    select.value = quote.clause || "";
    select.addEventListener("change", () => {
      quote.clause = select.value || null;
    });
    return select;
  }
}

/** Quote what is selected in a response; returns its side and text, or null. */
export function selectedPassage() {
  const selection = getSelection();
  const text = selection ? selection.toString().trim() : "";
  if (!text || !selection.anchorNode) return null;
  const holder = paneOf(selection.anchorNode);
  if (!holder || holder !== paneOf(selection.focusNode)) return null;
  return { response: holder.dataset.side, text };
}

/** The sentences of a plain text. */
export function sentencesOf(text) {
  const cutter = new Intl.Segmenter(undefined, { granularity: "sentence" });
  const found = [];
  for (const line of text.split("\n")) {
    for (const { segment } of cutter.segment(line)) {
      if (segment.trim()) found.push(segment.trim());
      if (found.length >= MAX_SENTENCES) return found;
    }
  }
  return found;
}

/** Make an element with attributes and content; content is text, never markup. */
export function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

function dropButton(label, act) {
  const button = element("button", { type: "button", class: "drop", "aria-label": label }, "✕");
  button.addEventListener("click", act);
  return button;
}

function paneOf(node) {
  const found = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
  return found ? found.closest("[data-side]") : null;
}

function dimensionOf(box) {
  return box.closest("[data-dimension]").dataset.dimension;
}

function focusRating(rating) {
  (rating.querySelector("input:checked") || rating.querySelector("input")).focus();
}
