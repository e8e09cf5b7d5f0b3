/** Texts that the browser keeps, and the page alone where the browser is told to keep nothing. */

class Keeper {
  /** @type {Map<string, string>} */
  #memory = new Map();

  /** @param {() => Storage} find throws where storage is forbidden */
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
      // Then nothing was kept there either.
    }
  }
}

/** Ends with the tab. */
export const tabStorage = new Keeper(() => sessionStorage);

export const siteStorage = new Keeper(() => localStorage);
