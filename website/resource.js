/** @import { Page } from "./types/page.js" */

/**
 * Data that a view loads and shows. After a failure it loads again when the network or the session is back.
 *
 * @template T
 */
export class Resource {
  /** @type {T | undefined} */
  value;
  /** @type {Error | null} */
  failure = null;
  isLoading = false;
  /** @type {Promise<void>} the last action */
  #last = Promise.resolve();
  /** @type {Promise<void> | null} a load that waits for its turn */
  #next = null;

  /**
   * @param {Page} page
   * @param {() => Promise<T>} ask
   */
  constructor(page, ask) {
    this.page = page;
    this.ask = ask;
    page.again.addEventListener("again", () => this.failure && this.load(), { signal: page.signal });
    // Later: the constructor of a subclass has not finished yet.
    queueMicrotask(() => this.load());
  }

  /**
   * Loads the data. The old value stays until the new one is there. A call during a load starts another load after it,
   * because the running one may return data from before the call.
   */
  load() {
    this.#next ??= this.inTurn(() => {
      this.#next = null;
      return this.#loadNow();
    });
    return this.#next;
  }

  /** @param {() => Promise<void>} action starts when all earlier actions have ended */
  inTurn(action) {
    this.#last = this.#last.then(action, action);
    return this.#last;
  }

  async #loadNow() {
    this.isLoading = true;
    try {
      this.value = await this.ask();
      this.failure = null;
    } catch (failure) {
      if (this.page.signal.aborted) {
        return;
      }
      this.failure = failure;
    } finally {
      this.isLoading = false;
    }
    this.page.update();
  }
}

/**
 * Calls `ask` again and again until it returns true or the view is left. Pauses while the page is hidden.
 *
 * @param {() => Promise<boolean>} ask
 * @param {{signal: AbortSignal, first?: number, longest?: number}} pace the first and the longest pause in milliseconds
 */
export async function poll(ask, { signal, first = 300, longest = 5000 }) {
  let pause = first;
  while (!signal.aborted && !(await ask())) {
    await sleep(pause, signal);
    await seen(signal);
    pause = Math.min(pause * 1.4, longest);
  }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function sleep(milliseconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}

/**
 * Waits until the page is visible.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function seen(signal) {
  return new Promise((done) => {
    const watch = new AbortController();
    const check = () => {
      if (!document.hidden || signal.aborted) {
        watch.abort();
        done();
      }
    };
    document.addEventListener("visibilitychange", check, { signal: watch.signal });
    signal.addEventListener("abort", check, { signal: watch.signal });
    check();
  });
}
