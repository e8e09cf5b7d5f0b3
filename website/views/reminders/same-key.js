import { now } from "../../clock.js";
import { newKey } from "../../reminder-requests.js";

const SAME_FOR = 5 * 60_000;
const NOT_SENT = { text: "", key: "", at: 0 };

/** The key of the last request that failed. The API may have accepted that request: perhaps only its answer was lost. */
export class SameKey {
  #sent = NOT_SENT;

  /**
   * Returns the same key for the same request within minutes.
   *
   * @param {unknown} request
   */
  of(request) {
    const text = JSON.stringify(request);
    if (text !== this.#sent.text || now() > this.#sent.at + SAME_FOR) {
      this.#sent = { text, key: newKey(), at: now() };
    }
    return this.#sent.key;
  }

  /** Called when the API has answered. */
  isOver() {
    this.#sent = NOT_SENT;
  }
}
