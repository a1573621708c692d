// What others said of a pair, for whoever reviews or adjudicates it.

import { element } from "./pair.js";
import { _ } from "./words.js";

/** Return the labels and the judge's votes as elements. */
export function saidBefore(shown, scale) {
  const labels = shown.labels.map((label) => labelOf(label, scale));
  if (!labels.length) labels.push(element("p", { class: "soft" }, _("Nobody has labelled this pair yet.")));
  return [...labels, ...(shown.judge ? judgeOf(shown.judge, scale) : [])];
}

function labelOf(label, scale) {
  const head = element("h3", {}, element("bdi", {}, label.by), " ", verdictTag(label.verdict, scale));
  const block = element("section", { class: "said" }, head);
  if (label.blind_verdict && label.blind_verdict !== label.verdict) {
    const first = scale.get(label.blind_verdict) || label.blind_verdict;
    block.append(element("p", { class: "soft" }, _("Before seeing what others said: %(verdict)s", { verdict: first })));
  }
  if (label.rationale && label.saw_changed_sides) {
    block.append(element("p", { class: "soft" }, _("This person saw the sides changed over: their left is your right.")));
  }
  if (label.needs_specialist) block.append(element("p", {}, _("Needs a specialist")));
  block.append(...clausesOf(label.clauses || []), ...ratingsOf(label.dimensions || {}));
  if (label.rationale) block.append(element("p", { dir: "auto" }, label.rationale));
  for (const quote of label.quotes || []) block.append(quoteOf(quote));
  return block;
}

function judgeOf(judge, scale) {
  const head = element("h3", {}, _("The judge"), " ", verdictTag(judge.verdict, scale));
  const votes = judge.votes.map((vote) => voteOf(vote, scale));
  return [element("section", { class: "said" }, head, ...votes)];
}

function voteOf(vote, scale) {
  const block = element("details", {});
  block.append(element("summary", {}, element("bdi", {}, vote.judge), " ", verdictTag(vote.verdict, scale)));
  if (vote.saw_changed_sides) {
    block.append(element("p", { class: "soft" }, _("This vote saw the sides changed over: its A is your right.")));
  }
  if (vote.rationale) block.append(element("p", { dir: "auto" }, vote.rationale));
  for (const one of vote.clauses || []) {
    const row = element("p", {}, element("bdi", {}, one.clause), ": ", String(one.verdict));
    if (one.quote) row.append(" ", element("q", { dir: "auto" }, one.quote));
    block.append(row);
  }
  return block;
}

function verdictTag(verdict, scale) {
  return element("span", { class: "tag" }, verdict ? scale.get(verdict) || verdict : _("no verdict"));
}

function clausesOf(clauses) {
  return clauses.length ? [element("p", {}, `${_("Clauses")}: ${clauses.join(", ")}`)] : [];
}

function ratingsOf(dimensions) {
  const told = Object.entries(dimensions).map(([name, points]) => `${name} ${points}`);
  return told.length ? [element("p", { class: "soft" }, told.join(" · "))] : [];
}

function quoteOf(quote) {
  const side = quote.response === "a" ? _("Left") : _("Right");
  const row = element("p", {}, `${side}: `, element("q", { dir: "auto" }, quote.text));
  if (quote.clause) row.append(" ", element("span", { class: "tag" }, quote.clause));
  return row;
}
