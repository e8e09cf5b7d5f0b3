import { Pages } from "../../pages.js";
import { more } from "../../parts/more.js";
import { empty, shown } from "../../parts/shown.js";
import { channelsText } from "../../reminders.js";
import { timeText } from "../../times.js";
import { repeat } from "../../vendor/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Page } from "../../types/page.js" */
/** @import { ReminderState as Reminder } from "../../types/reminders.js" */

/** The failed reminders of all users. */
export class FailedReminders {
  /** @type {Pages<Reminder>} */
  #failed;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    const { reminders, signal } = page;
    const ask = (/** @type {string | null} */ next) =>
      reminders.get("/reminders", { query: { status: "FAILED", next, limit: "20" }, signal });
    this.#failed = new Pages(page, ask, "reminders");
  }

  // Actions

  reload() {
    this.#failed.load();
  }

  // Rendering

  render() {
    return html`
      <section aria-labelledby="failed">
        <h2 id="failed">Failed reminders</h2>
        ${shown(this.#failed, (list) => (list.length ? rows(list) : empty("No failed reminders")))}
        ${more(this.#failed, "failed reminders")}
      </section>
    `;
  }
}

/** @param {Reminder[]} list */
const rows = (list) =>
  html`<ul class="rows">
    ${repeat(list, ({ reminderId }) => reminderId, row)}
  </ul>`;

/** @param {Reminder} reminder */
const row = ({ message, dueAt, channels, email, phone, reason }) => html`
  <li class="card row">
    <div class="grow">
      <p class="title message" dir="auto">${message}</p>
      <p class="quiet">
        <time datetime=${dueAt}>${timeText(dueAt)}</time> · by
        ${channelsText(channels)}${email || phone ? ` to ${[email, phone].filter(Boolean).join(" and ")}` : nothing}
      </p>
      <p class="reason">${reason}</p>
    </div>
  </li>
`;
