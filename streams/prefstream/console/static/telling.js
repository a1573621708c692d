// What a person is told about the work: where it stands, what became of answers, and when a break is due.

import { banner, drop } from "./banners.js";
import { _, ngettext } from "./words.js";

const REST_AGAIN_S = 600;

const $ = (id) => document.getElementById(id);

export class Telling {
  /**
   * @param facts what the page knows: keys, preferences
   * @param scale verdict -> how it is said
   * @param acts what buttons do: undo, resume, leave, pause, reload
   */
  constructor(facts, scale, acts) {
    Object.assign(this, { facts, scale, acts });
    this.noticed = "";
    this.restedAt_s = null;
  }

  /** Show the page's state in the place of the work, or the work. */
  state(name, more = "") {
    const working = name === "working";
    $("bench").hidden = !working;
    $("state").hidden = working;
    if (working) return;
    const [title, text, go] = states(more)[name];
    $("state-title").textContent = title;
    $("state-text").textContent = text;
    $("state-go").hidden = !go;
    $("state-go").textContent = go;
    $("saved").textContent = "";
  }

  saved(where) {
    $("saved").textContent = { here: _("Saved here"), server: _("Saved") }[where] || "";
  }

  sent(entry, leftMs) {
    if (entry.feedback) this.feedback(entry.feedback);
    else drop("feedback");
    if (leftMs <= 0) return;
    const { keys, keys_on: on } = this.facts;
    const label = on ? `${_("Undo")} (${keys.undo.toUpperCase()})` : _("Undo");
    banner("undo", _("Sent: %(verdict)s", { verdict: this.said(entry.answer.verdict) }), {
      tone: "good", acts: [[label, this.acts.undo]], lasts_ms: leftMs, closes: false,
    });
  }

  /** Say whether the answer to the pair before was right, and why. */
  feedback({ right, expected, why, clauses }) {
    const verdict = this.said(expected);
    const head = right
      ? _("The pair before: that was right (%(verdict)s).", { verdict })
      : _("The pair before: expected was “%(verdict)s”.", { verdict });
    const cited = clauses?.length ? _("Clauses: %(names)s", { names: clauses.join(", ") }) : "";
    banner("feedback", [head, why, cited].filter(Boolean).join("\n"), { tone: right ? "good" : "warn" });
  }

  queued(count, away) {
    if (!count) {
      if (!away) drop("queued");
      else banner("queued", _("No connection. What you write is kept here."), { tone: "warn", closes: false });
      return;
    }
    const text = ngettext(
      "%(num)s answer is not sent yet. It is kept here and goes out by itself.",
      "%(num)s answers are not sent yet. They are kept here and go out by themselves.",
      count,
    );
    banner("queued", text, { tone: "warn", acts: [[_("Send now"), this.acts.resume]], closes: false });
  }

  /** Say that an answer, or the task itself, is not taken any more; what was written can be copied. */
  lost(entry, why) {
    const text = entry.answer && entry.answer.rationale;
    const acts = [];
    if (text) acts.push([_("Copy the rationale"), () => navigator.clipboard.writeText(text)]);
    if (entry.current && why.status !== 422) acts.push([_("Go to the next task"), this.acts.leave]);
    if (/^unknown_(clause|dimension)$/.test(why.kind)) acts.push([_("Load the rubric again"), this.acts.reload]);
    const name = entry.current ? "expired" : "lost";
    const said = entry.current
      ? _("%(why)s What you wrote stays here; you can still try to send it.", { why: sentence(why.message) })
      : _("An answer could not be taken: %(why)s", { why: ended(why.message) });
    banner(name, text && !entry.current ? `${said}\n${text}` : said, { tone: "bad", acts, role: "alert" });
  }

  refused(error) {
    banner("refused", error.message, { tone: "bad", role: "alert" });
  }

  /** Say what comes with a task beside it: a word of the lead, once; a break that is due, now and then. */
  asides({ notice, rest }) {
    if (notice && notice !== this.noticed) banner("notice", notice, { tone: "warn" });
    this.noticed = notice || "";
    if (!rest) {
      this.restedAt_s = null;
      drop("rest");
    } else if (this.facts.breaks && this.restIsNews(rest)) this.rest(rest);
  }

  restIsNews({ worked_s: worked }) {
    return this.restedAt_s === null || worked < this.restedAt_s || worked >= this.restedAt_s + REST_AGAIN_S;
  }

  rest({ worked_s: worked, pause_s: pause }) {
    this.restedAt_s = worked;
    const text = _("You have worked for %(worked)s without a break. %(pause)s away from the screen would do you good.", {
      worked: minutes(worked), pause: minutes(pause),
    });
    banner("rest", text, { acts: [[_("Take a break"), this.acts.pause]] });
  }

  /** Say what of a draft does not fit the rubric any more. */
  gone(clauses) {
    if (!clauses.length) return;
    const text = _("The rubric has changed. Not in it any more, and not cited: %(names)s", { names: clauses.join(", ") });
    banner("gone", text, { tone: "warn" });
  }

  said(verdict) {
    return this.scale.get(verdict) || verdict;
  }
}

function sentence(text) {
  return text.charAt(0).toLocaleUpperCase() + ended(text).slice(1);
}

function ended(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function minutes(seconds) {
  return ngettext("%(num)s minute", "%(num)s minutes", Math.max(1, Math.round(seconds / 60)));
}

function states(more) {
  return {
    looking: [_("Looking for a task"), "", ""],
    nothing: [_("Nothing to do right now"), _("New tasks show up here by themselves."), _("Look again")],
    paused: [_("Your work is paused"), more && sentence(more), _("Look again")],
    break: [_("Taking a break"), _("Your task was given back; what you wrote is kept for it."), _("Go on")],
    offline: [_("No connection"), _("Nothing is lost. The page goes on by itself when the connection is back."), _("Try again")],
  };
}
