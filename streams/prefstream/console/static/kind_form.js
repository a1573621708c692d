// The form of one task: what was chosen becomes an answer, a draft becomes what is chosen.

const BOXES = 'input[type="checkbox"]';

/** How the answer of each kind reads its form, beside reasons and clauses. */
const READ = {
  ranking: (form) => ({
    ranks: form.names("rank-").map((name) => number(form.chosen(name))),
    unacceptable: form.checked("unacceptable").map(Number),
  }),
  rating: (form) => ({
    overall: number(form.chosen("overall")),
    dimensions: Object.fromEntries(
      form
        .names("dimension:")
        .filter((name) => form.chosen(name) !== null)
        .map((name) => [name.slice("dimension:".length), Number(form.chosen(name))]),
    ),
  }),
  demonstration: (form) => ({
    response: form.text("response"),
    unchanged: form.node.querySelector('[name="unchanged"]')?.checked ?? false,
  }),
  safety: (form) => {
    const conduct = form.chosen("response");
    return {
      category: form.chosen("category"),
      severity: number(form.chosen("severity")),
      ...(conduct === null ? {} : { response: conduct }),
    };
  },
};

/** How a draft, or an answer taken back, is put into the form of its kind. */
const WRITE = {
  ranking(form, draft) {
    (draft.ranks ?? []).forEach((rank, place) => form.choose(`rank-${place}`, rank));
    form.check("unacceptable", draft.unacceptable);
  },
  rating(form, draft) {
    form.choose("overall", draft.overall);
    for (const [name, value] of Object.entries(draft.dimensions ?? {})) form.choose(`dimension:${name}`, value);
  },
  demonstration(form, draft) {
    if (typeof draft.response === "string") form.node.elements.response.value = draft.response;
    const unchanged = form.node.querySelector('[name="unchanged"]');
    if (unchanged) unchanged.checked = Boolean(draft.unchanged);
  },
  safety(form, draft) {
    form.choose("category", draft.category);
    if (draft.category) form.matchSeverity(draft.category);
    form.choose("severity", draft.severity);
    form.choose("response", draft.response);
  },
};

export class Form {
  constructor(node, kind) {
    this.node = node;
    this.kind = kind;
    this.onChange = () => {};
    this.onSubmit = () => {};
    node.addEventListener("input", (event) => this.changed(event.target));
    node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.onSubmit();
    });
    node.addEventListener("keydown", (event) => this.key(event));
    node.addEventListener("click", (event) => event.target.id === "unveil" && this.unveil(event.target));
  }

  /** Show a task. The HTML is the server's own: texts of others in it are rendered and cleaned there. */
  fill(html, draft) {
    this.node.innerHTML = html;
    this.enable(true);
    if (!draft) return;
    WRITE[this.kind](this, draft);
    if (this.node.elements.rationale) this.node.elements.rationale.value = draft.rationale ?? "";
    this.check("clauses", draft.clauses);
  }

  clear() {
    this.node.replaceChildren();
  }

  enable(yes) {
    const button = this.node.querySelector("#submit");
    if (button) button.disabled = !yes;
  }

  focusFirst() {
    const heading = this.node.querySelector("#unveil, h2");
    if (!heading) return;
    if (heading.tagName === "H2") heading.tabIndex = -1;
    heading.focus({ preventScroll: false });
  }

  answer() {
    return { ...READ[this.kind](this), rationale: this.text("rationale"), clauses: this.checked("clauses") };
  }

  draft() {
    return this.answer();
  }

  /** The first field that still lacks something, marked; null where nothing does. */
  missing() {
    let first = null;
    for (const field of this.node.querySelectorAll("[data-required]")) {
      const done = field.matches("textarea") ? field.value.trim() : field.querySelector("input:checked");
      field.classList.toggle("missing", !done);
      if (!done) first ??= field.matches("textarea") ? field : field.querySelector("input");
    }
    return first;
  }

  names(start) {
    const fields = [...this.node.querySelectorAll("fieldset[data-name]")];
    return fields.map((field) => field.dataset.name).filter((name) => name.startsWith(start));
  }

  chosen(name) {
    return this.node.querySelector(`input[name="${CSS.escape(name)}"]:checked`)?.value ?? null;
  }

  choose(name, value) {
    if (value === null || value === undefined) return;
    const found = this.radios(name).find((radio) => radio.value === String(value));
    if (found) found.checked = true;
  }

  radios(name) {
    return [...this.node.querySelectorAll(`input[type="radio"][name="${CSS.escape(name)}"]`)];
  }

  checked(name) {
    return [...this.node.querySelectorAll(`${BOXES}[name="${name}"]:checked`)].map((box) => box.value);
  }

  check(name, values) {
    const wanted = new Set((values ?? []).map(String));
    for (const box of this.node.querySelectorAll(`${BOXES}[name="${name}"]`)) box.checked = wanted.has(box.value);
  }

  text(name) {
    return this.node.elements[name]?.value ?? "";
  }

  changed(field) {
    field.closest(".missing")?.classList.remove("missing");
    if (field.name === "category") this.matchSeverity(field.value);
    if (field.name === "unchanged" && field.checked) this.putBack();
    this.onChange();
  }

  /** No harm has no degree, and harm has one. */
  matchSeverity(category) {
    for (const radio of this.radios("severity")) {
      radio.disabled = (category === "none") !== (radio.value === "0");
      if (radio.disabled) radio.checked = false;
    }
    if (category === "none") this.choose("severity", 0);
  }

  /** Whoever says that a text is ideal as it is means the text as it was. */
  putBack() {
    const field = this.node.elements.response;
    field.value = field.defaultValue;
  }

  unveil(button) {
    for (const veiled of this.node.querySelectorAll(".veiled")) {
      veiled.classList.remove("veiled");
      veiled.inert = false;
    }
    button.setAttribute("aria-expanded", "true");
    button.hidden = true;
    const heading = this.node.querySelector("h2");
    heading.tabIndex = -1;
    heading.focus();
  }

  key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.onSubmit();
      return;
    }
    const field = event.target.closest("[data-digits]");
    if (!field || event.ctrlKey || event.altKey || event.metaKey || !/^[0-9]$/.test(event.key)) return;
    const radio = [...field.querySelectorAll("input")].find((one) => one.value === event.key && !one.disabled);
    if (!radio) return;
    event.preventDefault();
    radio.click();
    this.goOn(field);
  }

  /** Move the focus to the next question that digits answer, or to the end of the form. */
  goOn(field) {
    const fields = [...this.node.querySelectorAll("[data-digits]")];
    const next = fields[fields.indexOf(field) + 1];
    const target = next
      ? next.querySelector("input:checked") ?? next.querySelector("input:enabled")
      : this.node.querySelector("#rationale");
    target?.focus();
  }
}

function number(value) {
  return value === null ? null : Number(value);
}
