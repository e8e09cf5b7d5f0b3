import { Resource } from "./resource.js";

/** A list that the API gives in pages: `value` holds what was loaded of it, `next` whether there is more. */
export class Pages extends Resource {
  next = null;

  /**
   * @param {import("./app.js").Page} page
   * @param {(next: string | null) => Promise<{body: any}>} ask
   * @param {string} name of the list in the answer
   */
  constructor(page, ask, name) {
    super(page, () => this.#first());
    this.askPage = ask;
    this.name = name;
  }

  async loadMore() {
    this.isLoading = true;
    this.page.update();
    try {
      const { body } = await this.askPage(this.next);
      this.value = [...this.value, ...body[this.name]];
      this.next = body.next;
      this.failure = null;
    } catch (failure) {
      this.failure = failure;
    }
    this.isLoading = false;
    if (!this.page.signal.aborted) {
      this.page.update();
    }
  }

  async #first() {
    const { body } = await this.askPage(null);
    this.next = body.next;
    return body[this.name];
  }
}
