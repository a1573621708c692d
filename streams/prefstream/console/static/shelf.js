// What a person wrote, kept in the browser until the server has it: drafts, and answers on their way.

const MAX_AGE_MS = 14 * 24 * 3600 * 1000;

export class Shelf {
  constructor(person, storage = window.localStorage) {
    this.prefix = `prefstream.${person}.`;
    this.storage = storage;
    this.forgetOld();
  }

  draft(leaseId) {
    return this.read(`draft.${leaseId}`);
  }

  keepDraft(leaseId, draft) {
    return this.write(`draft.${leaseId}`, draft);
  }

  dropDraft(leaseId) {
    this.storage.removeItem(`${this.prefix}draft.${leaseId}`);
  }

  /** Answers on their way, the oldest first. */
  answers() {
    return this.names("answer.")
      .map((name) => this.read(name))
      .filter(Boolean)
      .sort((one, other) => one.at - other.at);
  }

  keepAnswer(entry) {
    return this.write(`answer.${entry.lease_id}`, entry);
  }

  dropAnswer(leaseId) {
    this.storage.removeItem(`${this.prefix}answer.${leaseId}`);
  }

  /** The last answer that was taken, as long as it can be taken back. */
  last() {
    return this.read("last");
  }

  keepLast(entry) {
    return this.write("last", entry);
  }

  dropLast() {
    this.storage.removeItem(`${this.prefix}last`);
  }

  names(start) {
    const wanted = this.prefix + start;
    return Object.keys(this.storage)
      .filter((name) => name.startsWith(wanted))
      .map((name) => name.slice(this.prefix.length));
  }

  read(name) {
    try {
      return JSON.parse(this.storage.getItem(this.prefix + name));
    } catch {
      return null;
    }
  }

  write(name, value) {
    try {
      this.storage.setItem(this.prefix + name, JSON.stringify(value));
      return true;
    } catch {
      return false; // full, or not allowed: the server's copy has to do
    }
  }

  forgetOld() {
    for (const name of this.names("draft.")) {
      const draft = this.read(name);
      if (!draft || Date.now() - (draft.at || 0) > MAX_AGE_MS) this.storage.removeItem(this.prefix + name);
    }
  }
}
