// The dialog in which whoever adjudicates proposes to word the rubric better.

import { _ } from "./words.js";

const $ = (id) => document.getElementById(id);

/** Make the dialog work where the page has it; `changed` is called when a proposal is kept or dropped. */
export function refinementDialog(form, changed) {
  function keep(event) {
    const clause = $("refinement-clause").value.trim();
    const text = $("refinement-text").value.trim();
    if (!clause || !text) {
      event.preventDefault();
      (clause ? $("refinement-text") : $("refinement-clause")).focus();
      return;
    }
    set({ clause, kind: $("refinement-kind").value, text });
  }

  function set(refinement) {
    form.refinement = refinement;
    showRefinement(form);
    changed();
  }

  function open() {
    const said = form.refinement || { clause: form.cited.at(-1) || "", kind: "rule", text: "" };
    $("refinement-clause").value = said.clause;
    $("refinement-kind").value = said.kind;
    $("refinement-text").value = said.text;
    $("refinement").showModal();
  }

  $("refine-button")?.addEventListener("click", open);
  $("refinement-form")?.addEventListener("submit", keep);
  $("refinement-drop")?.addEventListener("click", () => {
    set(null);
    $("refinement").close();
  });
}

/** Show in the form what is proposed. */
export function showRefinement(form) {
  const said = form.refinement;
  $("refinement-said").textContent = said ? _("Proposed for %(clause)s", { clause: said.clause }) : "";
}
