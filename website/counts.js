/** @import { Api } from "./api.js" */

/** @typedef {"escalated" | "parked" | "dead"} Work */

/** @typedef {{number: number, isMore: boolean}} Count `isMore`: there are more than `number` */

/** @type {Record<Work, string>} */
const WORDS = { escalated: "escalated", parked: "parked", dead: "dead letters" };
const WORK = /** @type {Work[]} */ (Object.keys(WORDS));

const PAGE = "100";
/** After so many milliseconds the counts are loaded again when a view opens. */
const FRESH = 60_000;

/** How much work waits for operators. The page loads this module only for them. */
export class Counts {
  #orders;
  #update;
  /** @type {Partial<Record<Work, Count>>} */
  #counts = {};
  #loadedAt = -Infinity;

  /**
   * @param {Api} orders
   * @param {() => void} update
   */
  constructor(orders, update) {
    this.#orders = orders;
    this.#update = update;
  }

  /** Loads the counts. Counts that cannot be loaded are left out: the operators' view reports the failure. */
  async load() {
    if (performance.now() < this.#loadedAt + FRESH) {
      return;
    }
    this.#loadedAt = performance.now();
    await Promise.allSettled([
      this.#list("escalated", "ESCALATED"),
      this.#list("parked", "PARKED"),
      this.#orders.get("/dead-letters").then(({ body }) => this.note("dead", deadIn(body.queues))),
    ]);
    this.#update();
  }

  /**
   * @param {Work} work
   * @param {string} status
   */
  async #list(work, status) {
    const { body } = await this.#orders.get("/orders", { query: { status, limit: PAGE } });
    this.note(work, body.orders.length, Boolean(body.next));
  }

  /**
   * Takes a count that a view knows.
   *
   * @param {Work} work
   * @param {number} number
   * @param {boolean} [isMore]
   */
  note(work, number, isMore = false) {
    this.#counts[work] = { number, isMore };
    this.#loadedAt = performance.now();
  }

  /** The sum, and each count in words. Null if nothing waits. */
  get badge() {
    // The answers come in any order, the words do not.
    const found = WORK.map((work) => ({ number: 0, isMore: false, ...this.#counts[work], words: WORDS[work] })).filter(
      ({ number }) => number,
    );
    if (!found.length) {
      return null;
    }
    const sum = found.reduce((total, { number }) => total + number, 0);
    return {
      text: sum + (found.some(({ isMore }) => isMore) ? "+" : ""),
      words: found.map(({ number, isMore, words }) => `${number}${isMore ? "+" : ""} ${words}`).join(", "),
    };
  }
}

/** @param {{Messages: number}[]} queues */
export const deadIn = (queues) => queues.reduce((sum, { Messages }) => sum + Messages, 0);
