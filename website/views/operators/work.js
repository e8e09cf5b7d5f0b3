import { Refused } from "../../http.js";
import { problemsIn } from "../../orders.js";
import { ORDER_FIELDS } from "../../parts/order-form.js";
import { focusOn, focusWrong, haveTheirPlaces } from "../../ui.js";

/** @import { Answer, Page, Problems } from "../../types/page.js" */

/** @typedef {"correct" | "close"} Kind */

/**
 * @typedef {object} Outcome
 * @property {(body: any) => string} done returns the words that report success
 * @property {(body: any) => void} settle changes the loaded data accordingly
 * @property {string} focus the id of the element to focus afterwards
 */

/** The names of the fields that each form shows. */
const PLACES = { correct: ORDER_FIELDS, close: ["note"] };

/** The one task that an operator works on at a time, in any section. */
export class Work {
  #page;
  /** @type {{kind: Kind, id: string} | null} the open form and the id of its order */
  task = null;
  /** @type {Problems} */
  problems = {};
  /** @type {Error | null} */
  failure = null;
  /** @type {string | null} */
  news = null;
  /** @type {string | null} the id of the button that asks for a confirmation now */
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

  /** @param {string} id the id of the order whose form closes */
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
   * Shows the problems of a form. Returns whether there are none.
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
   * Sends an operator's decision and shows the result. `send` throws `Unchanged` if the decision changed nothing.
   *
   * @param {() => Promise<Answer>} send
   * @param {Outcome} outcome
   */
  async act(send, { done, settle, focus }) {
    Object.assign(this, { isBusy: true, failure: null, news: null });
    this.#page.update();
    try {
      const { body } = await send();
      // Reloading would not help: the table's indexes and the queues show a change only after a while.
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
 * Returns the id of the button that opens the correction. The long prefix keeps an order called `Name` apart from the
 * form's field of that name.
 *
 * @param {string} id the order's id
 */
export const beginId = (id) => `begin-correct-order-${id}`;
