// Messages of the scripts in the language of the page; English is the source, and what is said until they are there.

let messages = {};
const language = document.documentElement.lang || "en";
const rules = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

/** Resolves once the messages are there; a page goes on in English where they cannot be had. */
export const ready = language === "en" ? Promise.resolve() : load();

async function load() {
  try {
    const answer = await fetch(`/languages/${language}.json`, { signal: AbortSignal.timeout(5000) });
    if (answer.ok) messages = (await answer.json()).messages;
  } catch {
    // English it is.
  }
}

/** Say a message; %(name)s is replaced by the value of that name. */
export function _(message, values) {
  const said = messages[message];
  return filled(typeof said === "string" && said ? said : message, values);
}

/** Say a message that counts; %(num)s is the number. */
export function ngettext(one, many, count, values) {
  const forms = messages[one];
  const single = rules.select(count) === "one";
  const said = Array.isArray(forms) && forms.length > 1 ? forms[single ? 0 : 1] : single ? one : many;
  return filled(said, { num: numbers.format(count), ...values });
}

function filled(message, values) {
  if (!values) return message;
  return message.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
