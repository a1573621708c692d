// Keys that act: never while somebody types, never against the browser's own, and off where a person says so.

const TYPED = 'input:not([type="radio"], [type="checkbox"], [type="button"]), textarea, select, [contenteditable="true"]';

export class Keys {
  /**
   * @param acts act -> function
   * @param keys act -> key
   * @param on whether single keys act
   */
  constructor(acts, keys, on) {
    this.acts = acts;
    this.byKey = new Map(on ? Object.entries(keys).map(([act, key]) => [key.toLowerCase(), act]) : []);
  }

  /** Act on a key; returns whether it did. */
  press(event) {
    if (event.defaultPrevented || event.isComposing || typing(event.target) || modified(event)) return false;
    const act = this.byKey.get(event.key.toLowerCase());
    if (!act || !this.acts[act] || (event.repeat && act !== "help")) return false;
    event.preventDefault();
    this.acts[act]();
    return true;
  }
}

/** Whether keys go into a field. */
export function typing(target) {
  return target instanceof Element && target.closest(TYPED) !== null;
}

/** Whether a key is meant for the browser; AltGr is how some keyboards write "[". */
function modified(event) {
  return !event.getModifierState("AltGraph") && (event.ctrlKey || event.altKey || event.metaKey);
}

/** Move the focus among elements by the arrow keys, Home and End. */
export function rove(event, elements) {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  const at = elements.indexOf(document.activeElement);
  let next = null;
  if (event.key in steps) next = Math.min(elements.length - 1, Math.max(0, at + steps[event.key]));
  else if (event.key === "Home") next = 0;
  else if (event.key === "End") next = elements.length - 1;
  if (next === null || elements.length === 0) return;
  event.preventDefault();
  elements[next].focus();
}
