// The bench: the prompt and the two responses, as they are or with their difference.

import { element } from "./pair.js";
import { _ } from "./words.js";

const $ = (id) => document.getElementById(id);

export class Bench {
  constructor() {
    this.html = null;
    this.comparing = false;
  }

  show({ task, html }) {
    this.html = html;
    this.comparing = false;
    $("bench").dataset.lease = task.lease_id;
    $("messages").replaceChildren(...task.messages.map((message, n) => messageRow(message.role, html.messages[n])));
    $("task-round").textContent = { review: _("Review"), adjudicate: _("Adjudicate") }[task.round] || _("Annotate");
    $("task-slice").textContent = task.slice;
    for (const id of ["prompt", "left", "right"]) $(id).scrollTop = 0;
    $("difference-button").disabled = !html.difference;
    this.showPanes();
  }

  /** Show the difference, or the texts again; returns what is said of it, or nothing where it cannot be had. */
  compare() {
    if (!this.html.difference) return "";
    this.comparing = !this.comparing;
    this.showPanes();
    return this.comparing ? _("The difference is shown.") : _("The texts are shown.");
  }

  showPanes() {
    const shown = this.comparing ? this.html.difference : this.html;
    for (const side of ["left", "right"]) {
      const inside = this.comparing ? element("div", { class: "compared", dir: "auto" }) : element("div", {});
      inside.innerHTML = shown[side]; // sanitised by the server
      $(side).querySelector(".pane-text").replaceChildren(inside);
    }
    $("difference-button").setAttribute("aria-pressed", String(this.comparing));
  }

  foldPrompt() {
    const folded = !$("messages").hidden;
    $("messages").hidden = folded;
    $("prompt-button").setAttribute("aria-expanded", String(!folded));
  }
}

function messageRow(role, html) {
  const names = { system: _("System"), user: _("User"), assistant: _("Assistant"), tool: _("Tool") };
  const text = element("div", {});
  text.innerHTML = html; // sanitised by the server
  return element("div", { class: "message" }, element("span", { class: "role" }, names[role] || role), text);
}
