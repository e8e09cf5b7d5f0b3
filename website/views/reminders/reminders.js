import { follow, now } from "../../clock.js";
import { Pages } from "../../pages.js";
import { Behind } from "../../parts/behind.js";
import { more } from "../../parts/more.js";
import { empty, shown } from "../../parts/shown.js";
import { isWaiting } from "../../reminders.js";
import { poll } from "../../resource.js";
import { failureNotice, notice } from "../../ui.js";
import { repeat } from "../../vendor/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { ReminderForm } from "./form.js";
import { pastRow, upcomingRow } from "./row.js";
import { Work } from "./work.js";

/** @import { Reminder } from "../../reminders.js" */
/** @import { Page } from "../../types/page.js" */
/** @import { Section } from "./work.js" */

const RELOADS_EVERY = 3000;

/** The form for a reminder and the person's reminders. The upcoming ones count down. */
export class Reminders {
  #page;
  #form;
  #upcoming;
  #past;
  #work;
  #behind;
  #now = now();

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    const { signal } = page;
    this.#page = page;
    this.#form = new ReminderForm(page, () => this.#hasNew());
    this.#work = new Work(page, () => this.#reload());
    this.#behind = new Behind(page, "reminder");
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
      this.#now = now();
      this.#page.update();
    }
  }

  /** Reloads both lists when a reminder is due or being sent. Returns false, so that `poll` never stops. */
  async #moveOn() {
    await follow(this.#page.config.outbox);
    const isDue = this.#upcoming.value?.some((one) => isWaiting(one) && Date.parse(one.dueAt) <= now());
    const isBeingSent = this.#past.value?.some(isWaiting);
    if (isDue || isBeingSent) {
      await this.#reload();
    }
    return false;
  }

  // Actions

  #hasNew() {
    this.#now = now();
    this.#reload();
  }

  async #reload() {
    const before = this.#all.filter(isWaiting);
    await this.#loadBoth();
    const after = new Set(this.#all.map((one) => one.reminderId));
    if (before.some((one) => !after.has(one.reminderId))) {
      // A reminder that was sent between the two answers may be in neither of them.
      await this.#loadBoth();
    }
  }

  #loadBoth() {
    return Promise.all([this.#upcoming.load(), this.#past.load()]);
  }

  get #all() {
    return [...(this.#upcoming.value ?? []), ...(this.#past.value ?? [])];
  }

  // Rendering

  render() {
    const upcoming = this.#upcoming.value ?? [];
    const past = this.#past.value ?? [];
    // The two lists are loaded separately, so both may have a reminder that was just sent.
    const before = new Set(past.map((one) => one.reminderId));
    const justOver = upcoming.filter((one) => !isWaiting(one) && !before.has(one.reminderId));
    const [waiting, over] = [upcoming.filter(isWaiting), [...justOver, ...past]];
    return [this.#form.render(), this.#waiting(waiting), this.#over(over), this.#behindThe([...waiting, ...over][0])];
  }

  /** @param {Reminder[]} list */
  #waiting(list) {
    const about = { work: this.#work, now: this.#now, person: this.#page.session.person };
    return html`
      <section aria-labelledby="upcoming">
        <h2 id="upcoming" tabindex="-1">Upcoming</h2>
        ${this.#outcome("upcoming")}
        ${shown(this.#upcoming, () =>
          list.length
            ? rows(list, (one) => upcomingRow(one, about))
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
        <h2 id="past" tabindex="-1">Past</h2>
        ${this.#outcome("past")}
        ${shown(this.#past, () =>
          list.length
            ? rows(list, (one) => pastRow(one, this.#work))
            : empty("No past reminders", "Sent, failed and cancelled reminders stay here for a while."),
        )}
        ${more(this.#past, "past reminders")}
      </section>
    `;
  }

  /**
   * Renders the panel for learners, with the first reminder as its example.
   *
   * @param {Reminder | undefined} first
   */
  #behindThe(first) {
    return first ? this.#behind.render({ row: first, execution: first.reminderId }) : nothing;
  }

  /**
   * Renders what became of the last change of a reminder in a section. An open form shows its own failure.
   *
   * @param {Section} section
   */
  #outcome(section) {
    const { news, failure, isFormOfChanged } = this.#work;
    if (this.#work.section !== section || isFormOfChanged) {
      return nothing;
    }
    return html`${failureNotice(failure)} ${news ? notice("good", html`<p>${news}</p>`) : nothing}`;
  }
}

/**
 * @param {Reminder[]} list
 * @param {(reminder: Reminder) => unknown} row
 */
const rows = (list, row) =>
  html`<ul class="rows">
    ${repeat(list, ({ reminderId }) => reminderId, row)}
  </ul>`;
