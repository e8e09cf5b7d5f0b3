import { Refused } from "../../http.js";
import { fieldsOf, focusOn, focusWrong } from "../../ui.js";
import { html } from "../../vendor/lit-html.js";

/** @import { FormEvent, Page, Problems } from "../../types/page.js" */

/** What is being done to an account, in whatever section: one thing at a time. */
export class Work {
  #page;
  /** @type {string | null} an address that is changed, as `email`, or what a code is asked for, as `email code` */
  task = null;
  /** @type {{name: string, value: string} | null} what was typed and becomes the address once its code has come back */
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

  /** @param {string | null} task null leaves the one that was begun */
  begin(task) {
    const before = this.task;
    const isCode = Boolean(task?.endsWith(" code"));
    Object.assign(this, { task, problems: {}, failure: null, news: null, pending: isCode ? this.pending : null });
    this.#page.update();
    focusOn(!task ? headingOf(before) : isCode ? "account-code" : "account-value");
  }

  /** @param {Problems} problems of the field that is filled in now */
  refuse(problems) {
    this.problems = problems;
    this.#page.update();
    focusOn("account-value");
  }

  /**
   * Runs `action`, shows what it came to, and says `done` where it went well.
   *
   * @param {() => Promise<void>} action
   * @param {{field?: string, done?: string}} [outcome] `field` is the one that a refusal is about
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
        this.problems = { [field]: caught.message };
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
 * The id of where to go on from when a form is gone.
 *
 * @param {string | null} task
 */
const headingOf = (task) => `about-${task?.replace(" code", "")}`;
