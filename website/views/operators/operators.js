import { reloadButton } from "../../parts/controls.js";
import { failureNotice, fieldsOf, notice, textField } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { CorrectedOrders } from "./corrected.js";
import { DeadLetters } from "./dead-letters.js";
import { FailedReminders } from "./failed-reminders.js";
import { EscalatedOrders } from "./escalated.js";
import { Parked } from "./parked.js";
import { Work } from "./work.js";

/** @import { FormEvent, Page } from "../../types/page.js" */

/** The work of an operator, in sections. */
export class Operators {
  #work;
  #sections;
  #hasFigures;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#work = new Work(page);
    this.#hasFigures = Boolean(page.config.figures);
    const corrected = new CorrectedOrders(page);
    this.#sections = [
      new EscalatedOrders(page, this.#work, corrected),
      new Parked(page, this.#work, corrected),
      corrected,
      new DeadLetters(page, this.#work),
      new FailedReminders(page),
    ];
  }

  // Actions

  #reload = () => this.#sections.forEach((section) => section.reload());

  /** @param {FormEvent} event */
  #lookUp = (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const id = fieldsOf(form).id.trim();
    if (this.#work.passes(id ? {} : { id: "Enter an order id." }, form)) {
      location.hash = `#/orders/${encodeURIComponent(id)}`;
    }
  };

  // Rendering

  render() {
    const { news, failure } = this.#work;
    return html`
      <div class="bar">
        <p class="lead">
          Orders, messages and reminders that need an operator.
          ${this.#hasFigures ? html`<a href="#/figures">Figures of the stage</a>` : nothing}
        </p>
        ${reloadButton(this.#reload)}
      </div>
      ${this.#lookUpForm()} ${news ? notice("good", html`<p>${news}</p>`) : nothing} ${failureNotice(failure)}
      ${this.#sections.map((section) => section.render())}
    `;
  }

  #lookUpForm() {
    const problem = this.#work.problems.id;
    return html`
      <form class="look-up" role="search" novalidate @submit=${this.#lookUp}>
        ${textField({ form: "look-up", name: "id", label: "Look up an order by its id", maxlength: 64, problem })}
        <button>Look up</button>
      </form>
    `;
  }
}
