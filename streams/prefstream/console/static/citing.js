// Dialogs in which clauses are cited and passages are quoted, by keys or with the mouse.

import { rove, typing } from "./keys.js";
import { element, selectedPassage, sentencesOf } from "./pair.js";
import { _ } from "./words.js";

const $ = (id) => document.getElementById(id);

/** Make the dialog of the clauses work; returns what opens it. */
export function clauseDialog(form, facts) {
  const rows = () => [...$("clause-picks").querySelectorAll("input")].filter((one) => !one.closest("li").hidden);

  function find() {
    const wanted = $("clause-search").value.trim().toLowerCase();
    for (const row of $("clause-picks").children) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    for (const mark of $("clause-picks").querySelectorAll("kbd")) mark.textContent = "";
    if (!facts.keys_on) return;
    rows().slice(0, 9).forEach((box, n) => {
      box.parentElement.querySelector("kbd").textContent = String(n + 1);
    });
  }

  function press(event) {
    if (closedByEnter(event, "clauses")) return;
    rove(event, rows());
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (event.defaultPrevented || typing(event.target) || !facts.keys_on || modified) return;
    const box = /^[1-9]$/.test(event.key) ? rows()[Number(event.key) - 1] : null;
    if (event.key === "/") $("clause-search").focus();
    else if (box) box.click();
    else return;
    event.preventDefault();
  }

  $("clauses").addEventListener("keydown", press);
  $("clause-search").addEventListener("input", find);
  $("clause-picks").addEventListener("change", (event) => form.cite(event.target.value, event.target.checked));
  return () => {
    $("clause-search").value = "";
    find();
    for (const box of $("clause-picks").querySelectorAll("input")) box.checked = form.cited.includes(box.value);
    $("clauses").showModal();
    (rows()[0] || $("clause-search")).focus();
  };
}

/** Make the dialog of the passages work; returns what quotes: the selection, else what is picked there. */
export function quoting(form, plainOf) {
  $("passages").addEventListener("keydown", (event) => {
    rove(event, [...$("passage-picks").querySelectorAll("input")]);
    closedByEnter(event, "passages");
  });
  return () => {
    const passage = selectedPassage();
    if (!passage) return openPassages(form, plainOf());
    getSelection().removeAllRanges();
    return form.addQuote(passage.response, passage.text) ? _("Quoted.") : "";
  };
}

function openPassages(form, plain) {
  const place = $("passage-picks");
  place.replaceChildren();
  for (const [side, title] of [["a", _("Left")], ["b", _("Right")]]) {
    const list = element("ul", { class: "picks", "aria-label": title });
    for (const sentence of sentencesOf(plain[side])) list.append(passageRow(form, side, sentence));
    place.append(element("h3", {}, title), list);
  }
  $("passages").showModal();
  place.querySelector("input")?.focus();
  return "";
}

function passageRow(form, response, sentence) {
  const box = element("input", { type: "checkbox" });
  const text = sentence.replace(/\s+/g, " ");
  const same = () => form.quotes.filter((one) => one.response === response && one.text === text);
  box.checked = same().length > 0;
  box.addEventListener("change", () => {
    if (box.checked) form.addQuote(response, text);
    else same().forEach((one) => form.dropQuote(one));
  });
  return element("li", {}, element("label", {}, box, element("span", { dir: "auto" }, text)));
}

function closedByEnter(event, id) {
  if (event.key !== "Enter" || event.target.closest("button")) return false;
  event.preventDefault();
  $(id).close();
  return true;
}
