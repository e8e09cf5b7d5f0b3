import { Refused } from "../../http.js";
import { fieldsOf, focusOn, focusWrong } from "../../ui.js";
import { html } from "../../vendor/lit-html.js";

/** @import { FormEvent, Page, Problems } from "../../types/page.js" */

/** The one change that a person makes to the account at a time, in any section. */
export class Work {
  #page;
  /** @type {string | null} the open form: `email` changes the address, `email code` asks for its code */
  task = null;
  /** @type {{name: string, value: string} | null} the new address, which counts after its code is entered */
  pending = null;
  /** @type {Problems} */
  problems = {};
  /** @type {Error | null} */
  failure = null;
  /** @type {string | null} */
  news = null;
  isBusy = false;

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
  }

  /** @param {string | null} task null closes the open form */
  begin(task) {
    const before = this.task;
    const isCode = Boolean(task?.endsWith(" code"));
    Object.assign(this, { task, problems: {}, failure: null, news: null, pending: isCode ? this.pending : null });
    this.#page.update();
    focusOn(!task ? headingOf(before) : isCode ? "account-code" : "account-value");
  }

  /**
   * @param {Problems} problems the problems of the open form
   * @param {string} [control] the id of the control to focus
   */
  refuse(problems, control = "account-value") {
    this.problems = problems;
    this.#page.update();
    focusOn(control);
  }

  /**
   * Runs `action`. Shows `done` if it succeeds, and the failure if not.
   *
   * @param {() => Promise<void>} action
   * @param {object} [outcome]
   * @param {string | ((refusal: Refused) => string)} [outcome.field] the field that shows a refusal
   * @param {string} [outcome.done]
   */
  async act(action, { field = "value", done } = {}) {
    const before = this.task;
    Object.assign(this, { isBusy: true, problems: {}, failure: null, news: null });
    this.#page.update();
    try {
      await action();
      if (done) {
        this.news = done;
        this.#page.say(done);
      }
    } catch (caught) {
      if (caught instanceof Refused && this.task) {
        this.problems = { [typeof field === "string" ? field : field(caught)]: caught.message };
      } else {
        this.failure = caught;
      }
    }
    this.isBusy = false;
    this.#page.update();
    if (this.task !== before) {
      focusOn(this.task ? "account-code" : headingOf(before));
    }
    focusWrong(document.getElementById("main"));
  }

  /**
   * @param {string} label
   * @param {(fields: Record<string, string>) => void} submit
   * @param {unknown} fields
   */
  form(label, submit, fields) {
    const send = (/** @type {FormEvent} */ event) => {
      event.preventDefault();
      submit(fieldsOf(event.currentTarget));
    };
    return html`
      <form novalidate @submit=${send}>
        ${fields}
        <p class="buttons">
          <button class="primary" ?disabled=${this.isBusy}>${label}</button>
          <button type="button" @click=${() => this.begin(null)}>Not now</button>
        </p>
      </form>
    `;
  }
}

/**
 * Returns the id of the heading to focus when a form closes.
 *
 * @param {string | null} task
 */
const headingOf = (task) => `about-${task?.replace(" code", "")}`;
