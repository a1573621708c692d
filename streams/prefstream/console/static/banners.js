// What a person is told above the work, and may put away.

import { element } from "./pair.js";
import { _ } from "./words.js";

const place = () => document.getElementById("banners");

/**
 * Show a banner.
 * @param name another one of the same name goes
 * @param acts [[label, function]]: buttons; after the function the banner goes
 */
export function banner(name, text, { tone = "", acts = [], lasts_ms = 0, closes = true, role = "status" } = {}) {
  drop(name);
  const made = element("div", { class: `notice ${tone}`, role, "data-banner": name }, element("p", {}, text));
  const buttons = closes ? [...acts, [_("Close"), () => {}, "quiet"]] : acts;
  for (const [label, act, look] of buttons) made.append(actButton(name, label, act, look));
  place().append(made);
  if (lasts_ms > 0) setTimeout(() => made.remove(), lasts_ms);
}

/** Put a banner away. */
export function drop(name) {
  place().querySelector(`[data-banner="${name}"]`)?.remove();
}

function actButton(name, label, act, look) {
  const button = element("button", { type: "button", class: look || "" }, label);
  button.addEventListener("click", () => {
    drop(name);
    act();
  });
  return button;
}
