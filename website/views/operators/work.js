import { Refused } from "../../http.js";
import { problemsIn } from "../../orders.js";
import { ORDER_FIELDS } from "../../parts/order-form.js";
import { focusOn, focusWrong, haveTheirPlaces } from "../../ui.js";

/** @import { Answer, Page, Problems } from "../../types/page.js" */

/** @typedef {"correct" | "close"} Kind */

/**
 * @typedef {object} Outcome
 * @property {(body: any) => string} done says what was done
 * @property {(body: any) => void} settle shows it in what is loaded
 * @property {string} focus the id of where to go on from
 */

/** What the forms show. */
const PLACES = { correct: ORDER_FIELDS, close: ["note"] };

/** What an operator does, in whatever section: one thing at a time. */
export class Work {
  #page;
  /** @type {{kind: Kind, id: string} | null} the form that is open, and its order */
  task = null;
  /** @type {Problems} */
  problems = {};
  /** @type {Error | null} */
  failure = null;
  /** @type {string | null} */
  news = null;
  /** @type {string | null} the id of the button that asks for a confirmation */
  asked = null;
  isBusy = false;

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
  }

  /** @param {string | null} id */
  ask = (id) => {
    this.asked = id;
    this.#page.update();
  };

  /**
   * Opens a form for an order.
   *
   * @param {Kind} kind
   * @param {string} id
   */
  begin(kind, id) {
    this.#open({ kind, id });
    focusOn(kind === "correct" ? "correct-Name" : "close-note");
  }

  /** @param {string} id the order's whose form is closed again */
  leave(id) {
    this.#open(null);
    focusOn(beginId(id));
  }

  /** @param {{kind: Kind, id: string} | null} task */
  #open(task) {
    Object.assign(this, { task, problems: {}, failure: null, news: null });
    this.#page.update();
  }

  /**
   * Shows what is wrong with a form. Returns whether it is right.
   *
   * @param {Problems} problems
   * @param {HTMLFormElement} form
   */
  passes(problems, form) {
    this.problems = problems;
    if (Object.keys(problems).length === 0) {
      return true;
    }
    this.#page.update();
    focusWrong(form);
    return false;
  }

  /**
   * Sends what an operator decided, and shows what it came to: nothing, where `send` throws Unchanged.
   *
   * @param {() => Promise<Answer>} send
   * @param {Outcome} outcome
   */
  async act(send, { done, settle, focus }) {
    Object.assign(this, { isBusy: true, failure: null, news: null });
    this.#page.update();
    try {
      const { body } = await send();
      // Lists of the table and of queues lag behind: what was done is shown at once, and not asked for.
      settle(body);
      this.news = done(body);
      Object.assign(this, { task: null, problems: {} });
      this.#page.say(this.news);
    } catch (caught) {
      this.problems = caught instanceof Refused ? problemsIn(caught) : {};
      this.failure = haveTheirPlaces(this.problems, this.task ? PLACES[this.task.kind] : []) ? null : caught;
    }
    Object.assign(this, { isBusy: false, asked: null });
    this.#page.update();
    if (this.news || !this.task) {
      focusOn(focus);
    } else {
      focusWrong(document.getElementById("main"));
    }
  }
}

/**
 * The id of the button that opens the correction. An order may be called `Name`, like a field of the form.
 *
 * @param {string} id the order's
 */
export const beginId = (id) => `begin-correct-order-${id}`;
