// Drawers beside the responses: one is open at a time.

const BUTTONS = { rubric: "rubric-button", others: "reveal-button" };

const $ = (id) => document.getElementById(id);

export function setDrawer(id, open) {
  for (const [one, button] of Object.entries(BUTTONS)) {
    if (!$(one) || (one !== id && !open)) continue;
    const shown = one === id && open;
    $(one).hidden = !shown;
    $(button).setAttribute("aria-expanded", String(shown));
  }
}

export function toggleDrawer(id) {
  const open = $(id).hidden;
  setDrawer(id, open);
  if (open) $(id).focus();
  else $("main").focus({ preventScroll: true });
}

export function closeDrawers() {
  for (const id of Object.keys(BUTTONS)) if ($(id) && !$(id).hidden) setDrawer(id, false);
}
