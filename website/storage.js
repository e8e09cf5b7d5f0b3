/** Keeps texts in the browser's storage, or in memory if the browser forbids storage. */

class Keeper {
  /** @type {Map<string, string>} */
  #memory = new Map();

  /** @param {() => Storage} find throws if storage is forbidden */
  constructor(find) {
    this.find = find;
  }

  /**
   * @param {string} name
   * @returns {string | null}
   */
  get(name) {
    try {
      return this.find().getItem(name) ?? this.#memory.get(name) ?? null;
    } catch {
      return this.#memory.get(name) ?? null;
    }
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  set(name, text) {
    try {
      this.find().setItem(name, text);
    } catch {
      this.#memory.set(name, text);
    }
  }

  /** @param {string} name */
  remove(name) {
    this.#memory.delete(name);
    try {
      this.find().removeItem(name);
    } catch {
      // Storage is forbidden, so nothing was kept in it.
    }
  }
}

/** Emptied when the tab closes. */
export const tabStorage = new Keeper(() => sessionStorage);

export const siteStorage = new Keeper(() => localStorage);
