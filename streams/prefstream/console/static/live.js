// Figures of a page that stay what they are: numbers as they are told, charts anew now and then.

import { _, ready } from "./words.js";

const REDRAW_MS = 3000;
const language = document.documentElement.lang || "en";
const chosen = new URLSearchParams(location.search).get("window") || "24h";
let drawnAt = Date.now();
let redrawing = 0;

ready.then(listen);
for (const chart of document.querySelectorAll("svg.chart")) chart.addEventListener("keydown", walk);

function listen() {
  if (!document.querySelector("[data-part]")) return;
  const address = new URL("/api/v1/live", location.href);
  address.searchParams.set("window", chosen);
  const source = new EventSource(address);
  source.addEventListener("open", () => say(_("Live")));
  source.addEventListener("error", () => say(_("Not connected; what you see may be old")));
  source.addEventListener("metrics", (event) => take(JSON.parse(event.data)));
  source.addEventListener("alert", () => redrawSoon());
  source.addEventListener("reset", () => redrawSoon());
  document.addEventListener("visibilitychange", () => document.hidden || redrawSoon());
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function say(text) {
  const line = document.getElementById("line");
  if (line && line.textContent !== text) line.textContent = text;
}

/** Put the numbers of a slice where they are shown. */
function take({ slice, window, measurements }) {
  if (window !== chosen) return;
  const figures = new Map(measurements.map((one) => [one.statistic, one]));
  let changed = false;
  for (const shown of document.querySelectorAll(`[data-slice="${CSS.escape(slice)}"]`)) {
    const one = figures.get(shown.dataset.figure);
    if (one) changed = put(shown, one) || changed;
  }
  if (changed || !document.querySelector(`[data-part="${CSS.escape(`slice:${slice}`)}"]`)) redrawSoon();
}

function put(shown, { value, low, high, reason }) {
  const [number, limits] = [shown.querySelector("b"), shown.querySelector("small")];
  const unit = shown.dataset.unit;
  const known = value !== null;
  const said = known ? told(value, unit) : _("not known");
  const between = !known ? reason || "" : low === null ? "" : _("%(low)s to %(high)s", { low: told(low, unit), high: told(high, unit) });
  if (number.textContent === said && limits.textContent === between) return false;
  number.textContent = said;
  number.classList.toggle("none", !known);
  limits.textContent = between;
  shown.classList.remove("fresh");
  void shown.offsetWidth; // begins the animation anew
  shown.classList.add("fresh");
  return true;
}

function told(value, unit) {
  if (unit === "share") return value.toLocaleString(language, { style: "percent", maximumFractionDigits: 1 });
  return value.toLocaleString(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function redrawSoon() {
  if (redrawing || document.hidden) return;
  redrawing = setTimeout(redraw, Math.max(0, drawnAt + REDRAW_MS - Date.now()));
}

/** Ask for the page as it is now and take over the parts that differ. */
async function redraw() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(15000) });
    if (answer.redirected) location.reload(); // the session is over
    if (answer.ok) replaceParts(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The line says that nothing comes.
  } finally {
    drawnAt = Date.now();
    redrawing = 0;
  }
}

function replaceParts(fresh) {
  const parts = (root) => [...root.querySelectorAll("[data-part]")];
  const [here, there] = [parts(document), parts(fresh)];
  const names = (some) => some.map((one) => one.dataset.part).join("\n");
  if (names(here) !== names(there)) {
    // Slices came, went or changed places: the whole page as it is now.
    swap(document.getElementById("main"), fresh.getElementById("main"));
    return;
  }
  here.forEach((old, index) => swap(old, there[index]));
}

function swap(old, fresh) {
  const line = document.getElementById("line")?.textContent;
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  if (active?.closest("form")) return; // never take a field away from under somebody's hands
  if (old.innerHTML === fresh.innerHTML) return;
  const key = active?.getAttribute("href");
  const taken = document.adoptNode(fresh);
  old.replaceWith(taken);
  if (key) taken.querySelector(`a[href="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  for (const chart of taken.querySelectorAll("svg.chart")) chart.addEventListener("keydown", walk);
  if (line) say(line);
}

/** Left and right go from step to step of a chart; Tab goes on to the next. */
function walk(event) {
  const columns = [...event.currentTarget.querySelectorAll(".columns a")];
  const at = columns.indexOf(document.activeElement);
  const move = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: columns.length - 1 }[event.key];
  if (at < 0 || move === undefined || !columns[move]) return;
  event.preventDefault();
  columns[at].setAttribute("tabindex", "-1");
  columns[move].setAttribute("tabindex", "0");
  columns[move].focus();
}
