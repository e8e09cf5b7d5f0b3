import { Refused } from "../../http.js";
import { choice, textArea } from "../../parts/controls.js";
import { MORNING, problemsOf, requestOf } from "../../reminder-requests.js";
import { channelsText, fieldsShown, problemsIn } from "../../reminders.js";
import { ZONE, timeText, tomorrowAt } from "../../times.js";
import { failureNotice, fieldsOf, focusWrong, haveTheirPlaces, notice } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { channels } from "./channels.js";
import { details } from "./details.js";
import { repeatFields } from "./repeat.js";
import { SameKey } from "./same-key.js";
import { timeFields, waitFields } from "./when.js";

/** @import { Chosen, Refusal } from "../../reminders.js" */
/** @import { FormEvent, Page } from "../../types/page.js" */

/** @typedef {ReturnType<typeof requestOf>} Request */

/**
 * The form's state beside the typed text. `email` and `phone` are here because they enable channels.
 *
 * @typedef {Chosen & Refusal & {email: string, phone: string, isElsewhere: boolean}} State
 */

/** @typedef {(changes: Partial<State>) => void} Set shows the form with these changes */

/** @type {State} */
export const START = {
  when: "in",
  repeats: false,
  ends: "never",
  email: "",
  phone: "",
  isElsewhere: false,
  problems: {},
  twice: null,
  leap: null,
};

export class ReminderForm {
  #page;
  #isSent;
  #state = START;
  /** @type {Error | null} */
  #failure = null;
  /** @type {string | null} */
  #news = null;
  #isBusy = false;
  #key = new SameKey();

  // Lifecycle

  /**
   * @param {Page} page
   * @param {() => void} isSent called when there is a new reminder
   */
  constructor(page, isSent) {
    this.#page = page;
    this.#isSent = isSent;
  }

  // Actions

  /** @type {Set} */
  #set = (changes) => {
    this.#state = { ...this.#state, ...changes };
    this.#page.update();
  };

  /** @param {FormEvent} event */
  #remind = async (event) => {
    event.preventDefault();
    if (this.#isBusy) {
      return;
    }
    const form = event.currentTarget;
    const { submitter } = event;
    const typed = fieldsOf(form);
    const problems = problemsOf(typed);
    [this.#failure, this.#news] = [null, null];
    this.#isBusy = Object.keys(problems).length === 0;
    this.#set({ problems });
    if (this.#isBusy) {
      await this.#send(form, requestOf(typed, ZONE));
      this.#isBusy = false;
      this.#page.update();
    }
    submitter?.focus();
    focusWrong(form);
  };

  /**
   * @param {HTMLFormElement} form
   * @param {Request} request
   */
  async #send(form, request) {
    try {
      const { body } = await this.#page.reminders.post("/reminders", request, { key: this.#key.of(request) });
      this.#key.isOver();
      form.reset();
      this.#state = START;
      this.#news = `Reminder set for ${timeText(body.dueAt)}, by ${channelsText(request.channels)}.`;
      this.#page.say(this.#news);
      this.#isSent();
    } catch (caught) {
      const found = caught instanceof Refused ? problemsIn(caught) : { problems: {}, twice: null, leap: null };
      const { email, phone, subject } = found.problems;
      this.#failure = haveTheirPlaces(found.problems, fieldsShown(this.#state)) ? null : caught;
      const isElsewhere = this.#state.isElsewhere || Boolean(email || phone || subject);
      this.#state = { ...this.#state, ...found, isElsewhere };
    }
  }

  // Rendering

  render() {
    const { when, problems } = this.#state;
    return html`
      <form class="card" novalidate @submit=${this.#remind}>
        ${textArea({
          form: "remind",
          name: "message",
          label: "Remind me of",
          maxlength: 1400,
          problem: problems.message,
        })}
        ${choice({
          form: "remind",
          name: "when",
          label: "When",
          options: [
            ["in", "After a while"],
            ["tomorrow", `Tomorrow at ${MORNING.replace(/^0/, "")}`],
            ["at", "At a date and time"],
          ],
          value: "in",
          change: (chosen) => this.#set({ when: chosen, twice: null, leap: null, problems: {} }),
        })}
        ${this.#time(when)} ${repeatFields("remind", this.#state, this.#set)}
        ${channels(this.#state, this.#isBusy, this.#page.session.person)} ${details("remind", this.#state, this.#set)}
        ${failureNotice(this.#failure)} ${this.#news ? notice("good", html`<p>${this.#news}</p>`) : nothing}
      </form>
    `;
  }
  /** @param {string} when */
  #time(when) {
    if (when === "in") {
      return waitFields(this.#state);
    }
    if (when === "tomorrow") {
      return html`<p class="hint">${timeText(tomorrowAt(MORNING))}${ZONE ? `, in ${ZONE}` : nothing}.</p>`;
    }
    return timeFields("remind", this.#state, this.#set);
  }
}
