import { Pages } from "../../pages.js";
import { confirmButton } from "../../parts/confirm.js";
import { more } from "../../parts/more.js";
import { chip, empty, shown } from "../../parts/shown.js";
import { STATUSES, channelsText, isWaiting, repeatText } from "../../reminders.js";
import { poll } from "../../resource.js";
import { countdown, timeText } from "../../times.js";
import { failureNotice, focusOn } from "../../ui.js";
import { repeat } from "../../vendor/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { ReminderForm } from "./form.js";

/** @import { Reminder } from "../../reminders.js" */
/** @import { Page } from "../../types/page.js" */

const RELOADS_EVERY = 3000;

/** The form for a reminder and the person's reminders. The upcoming ones count down. */
export class Reminders {
  #page;
  #form;
  #upcoming;
  #past;
  /** @type {string | null} the id of the button that asks for a confirmation now */
  #asked = null;
  /** @type {Error | null} why a reminder could not be cancelled */
  #refusal = null;
  #isCancelling = false;
  #now = Date.now();

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    const { signal } = page;
    this.#page = page;
    this.#form = new ReminderForm(page, () => this.#hasNew());
    this.#upcoming = this.#list("upcoming");
    this.#past = this.#list("past");
    const ticking = setInterval(() => this.#tick(), 1000);
    signal.addEventListener("abort", () => clearInterval(ticking));
    poll(() => this.#moveOn(), { signal, first: RELOADS_EVERY, longest: RELOADS_EVERY });
  }

  /**
   * @param {"upcoming" | "past"} when
   * @returns {Pages<Reminder>}
   */
  #list(when) {
    const { reminders, signal } = this.#page;
    const ask = (/** @type {string | null} */ next) =>
      reminders.get("/reminders", { query: { when, next, limit: "20" }, signal });
    return new Pages(this.#page, ask, "reminders");
  }

  #tick() {
    if (this.#upcoming.value?.length && !document.hidden) {
      this.#now = Date.now();
      this.#page.update();
    }
  }

  /** Reloads both lists when a reminder is due or being sent. Returns false, so that `poll` never stops. */
  async #moveOn() {
    const isDue = this.#upcoming.value?.some((one) => isWaiting(one) && Date.parse(one.dueAt) <= Date.now());
    const isBeingSent = this.#past.value?.some(isWaiting);
    if (isDue || isBeingSent) {
      await this.#reload();
    }
    return false;
  }

  // Actions

  #hasNew() {
    this.#now = Date.now();
    this.#upcoming.load();
  }

  #reload() {
    return Promise.all([this.#upcoming.load(), this.#past.load()]);
  }

  /** @param {string | null} id */
  #ask = (id) => {
    this.#asked = id;
    this.#page.update();
  };

  /** @param {Reminder} reminder */
  async #cancel({ reminderId }) {
    const { reminders, update, say } = this.#page;
    [this.#isCancelling, this.#refusal] = [true, null];
    update();
    try {
      await reminders.delete(`/reminders/${encodeURIComponent(reminderId)}`);
      say("Reminder cancelled.");
    } catch (caught) {
      this.#refusal = caught;
    }
    [this.#isCancelling, this.#asked] = [false, null];
    await this.#reload();
    update();
    focusOn("upcoming");
  }

  // Rendering

  render() {
    const upcoming = this.#upcoming.value ?? [];
    const past = this.#past.value ?? [];
    // The two lists are loaded separately, so both may have a reminder that was just sent.
    const before = new Set(past.map((one) => one.reminderId));
    const justOver = upcoming.filter((one) => !isWaiting(one) && !before.has(one.reminderId));
    return [this.#form.render(), this.#waiting(upcoming.filter(isWaiting)), this.#over([...justOver, ...past])];
  }

  /** @param {Reminder[]} list */
  #waiting(list) {
    return html`
      <section aria-labelledby="upcoming">
        <h2 id="upcoming" tabindex="-1">Upcoming</h2>
        ${failureNotice(this.#refusal)}
        ${shown(this.#upcoming, () =>
          list.length
            ? this.#rows(list, (one) => this.#cancelButton(one))
            : empty("No upcoming reminders", "Set a reminder above. Its countdown appears here."),
        )}
        ${more(this.#upcoming, "upcoming reminders")}
      </section>
    `;
  }

  /** @param {Reminder[]} list */
  #over(list) {
    return html`
      <section aria-labelledby="past">
        <h2 id="past">Past</h2>
        ${shown(this.#past, () =>
          list.length
            ? this.#rows(list, () => nothing)
            : empty("No past reminders", "Sent, failed and cancelled reminders stay here for a while."),
        )}
        ${more(this.#past, "past reminders")}
      </section>
    `;
  }

  /**
   * @param {Reminder[]} list
   * @param {(reminder: Reminder) => unknown} action
   */
  #rows(list, action) {
    return html`<ul class="rows">
      ${repeat(
        list,
        ({ reminderId }) => reminderId,
        (one) => this.#row(one, action(one)),
      )}
    </ul>`;
  }

  /**
   * @param {Reminder} reminder
   * @param {unknown} action
   */
  #row(reminder, action) {
    return html`
      <li class="card row">
        <div class="grow">
          <p class="title message" dir="auto">${reminder.message}</p>
          <p class="quiet">
            <time datetime=${reminder.dueAt}>${timeText(reminder.dueAt)}</time> · by
            ${channelsText(reminder.channels)}${reminder.repeat ? html` · ${repeatText(reminder.repeat)}` : nothing}
          </p>
          ${reminder.reason ? html`<p class="reason">${reminder.reason}</p>` : nothing}
        </div>
        <div class="end">${this.#state(reminder)} ${action}</div>
      </li>
    `;
  }

  /** @param {Reminder} reminder */
  #state({ status, dueAt }) {
    const due = Date.parse(dueAt);
    if (status !== "SCHEDULED") {
      return chip(STATUSES[status]);
    }
    return due > this.#now
      ? html`<p class="countdown" role="timer"><span class="unseen">in </span>${countdown(due, this.#now)}</p>`
      : chip(STATUSES.SENDING);
  }

  /** @param {Reminder} reminder */
  #cancelButton(reminder) {
    return confirmButton({
      id: `cancel-${reminder.reminderId}`,
      label: "Cancel",
      about: reminder.message,
      question: reminder.repeat ? "Cancel this reminder and all its repeats?" : "Cancel this reminder?",
      yes: "Yes, cancel it",
      asked: this.#asked,
      ask: this.#ask,
      act: () => this.#cancel(reminder),
      isBusy: this.#isCancelling,
    });
  }
}
