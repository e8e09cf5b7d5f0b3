import { Resource } from "./resource.js";

/** @import { Answer, Page } from "./types/page.js" */

/**
 * A list that the API gives in pages: `value` holds what was loaded of it, `next` whether there is more.
 *
 * Loaded anew, it is as many pages as are shown.
 *
 * @template T
 * @extends {Resource<T[]>}
 */
export class Pages extends Resource {
  /** @type {string | null} */
  next = null;
  #count = 1;
  /** @type {Promise<void> | null} what is being asked for with `loadMore` */
  #more = null;

  /**
   * @param {Page} page
   * @param {(next: string | null) => Promise<Answer>} ask
   * @param {string} name of the list in the answer
   */
  constructor(page, ask, name) {
    super(page, () => this.#shown());
    this.askPage = ask;
    this.name = name;
  }

  loadMore() {
    // What is being loaded anew would bring back the end of the list as it was.
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
      this.#count += 1;
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
    } while (next && count < this.#count);
    [this.next, this.#count] = [next, count];
    return found;
  }
}
