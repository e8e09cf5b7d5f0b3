/** @import { Page } from "./types/page.js" */

/**
 * Something that a view shows and has to ask for. It asks again by itself when the network or the session is back.
 *
 * @template T
 */
export class Resource {
  /** @type {T | undefined} */
  value;
  /** @type {Error | null} */
  failure = null;
  isLoading = false;
  /** @type {Promise<void>} what was begun last */
  #last = Promise.resolve();
  /** @type {Promise<void> | null} what has yet to ask */
  #next = null;

  /**
   * @param {Page} page
   * @param {() => Promise<T>} ask
   */
  constructor(page, ask) {
    this.page = page;
    this.ask = ask;
    page.again.addEventListener("again", () => this.failure && this.load(), { signal: page.signal });
    // Not at once: a subclass is still being constructed.
    queueMicrotask(() => this.load());
  }

  /**
   * What is there stays while it is asked for anew. What is asked for while an answer is awaited is asked for once more
   * after it: that answer may be from before.
   */
  load() {
    this.#next ??= this.inTurn(() => {
      this.#next = null;
      return this.#loadNow();
    });
    return this.#next;
  }

  /** @param {() => Promise<void>} action begun when all before it is over */
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
 * Asks again and again, while the page is looked at, until the answer is the last one or the view is left.
 *
 * @param {() => Promise<boolean>} ask whether that was the last
 * @param {{signal: AbortSignal, first?: number, longest?: number}} pace in milliseconds
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
 * Waits until the page is looked at.
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
