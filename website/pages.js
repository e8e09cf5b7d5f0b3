import { Resource } from "./resource.js";

/** @import { Answer, Page } from "./types/page.js" */

/**
 * A list that the API returns in pages. `value` holds the pages loaded so far. `next` is null after the last page.
 *
 * Reloading the list loads as many pages as are shown.
 *
 * @template T
 * @extends {Resource<T[]>}
 */
export class Pages extends Resource {
  /** @type {string | null} */
  next = null;
  /** The number of pages that are shown. */
  count = 1;
  /** @type {Promise<void> | null} the running `loadMore` */
  #more = null;

  /**
   * @param {Page} page
   * @param {(next: string | null) => Promise<Answer>} ask
   * @param {string} name the list's name in the answer
   * @param {number} [count] the number of pages to load at first
   */
  constructor(page, ask, name, count = 1) {
    super(page, () => this.#shown());
    this.count = count;
    this.askPage = ask;
    this.name = name;
  }

  loadMore() {
    // In turn: a reload that is under way would drop the new page from the list.
    this.#more ??= this.inTurn(() => this.#loadMoreNow()).finally(() => {
      this.#more = null;
    });
    return this.#more;
  }

  async #loadMoreNow() {
    if (!this.next) {
      return;
    }
    this.isLoading = true;
    this.page.update();
    try {
      const { body } = await this.askPage(this.next);
      this.value = [...(this.value ?? []), ...body[this.name]];
      this.next = body.next;
      this.count += 1;
      this.failure = null;
    } catch (failure) {
      this.failure = failure;
    }
    this.isLoading = false;
    if (!this.page.signal.aborted) {
      this.page.update();
    }
  }

  /** @returns {Promise<T[]>} */
  async #shown() {
    const found = [];
    /** @type {string | null} */
    let next = null;
    let count = 0;
    do {
      const { body } = await this.askPage(next);
      found.push(...body[this.name]);
      next = body.next;
      count += 1;
    } while (next && count < this.count);
    [this.next, this.count] = [next, count];
    return found;
  }
}
