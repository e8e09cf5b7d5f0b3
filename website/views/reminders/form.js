import { Refused } from "../../http.js";
import { choice, textArea } from "../../parts/controls.js";
import { channelsText, fieldsShown, newKey, problemsIn, problemsOf, requestOf } from "../../reminders.js";
import { ZONE, timeText } from "../../times.js";
import { failureNotice, fieldsOf, focusWrong, haveTheirPlaces, notice } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { channels, elsewhere } from "./channels.js";
import { repeatFields, timeFields, waitFields } from "./when.js";

/** @import { Channel, Chosen, Refusal } from "../../reminders.js" */
/** @import { FormEvent, Page } from "../../types/page.js" */

/** @typedef {ReturnType<typeof requestOf>} Request */

/**
 * The form's state beside the typed text. `email` and `phone` are here because they enable buttons.
 *
 * @typedef {Chosen & Refusal & {email: string, phone: string, isElsewhere: boolean}} State
 */

/** @typedef {(changes: Partial<State>) => void} Set shows the form with these changes */

const SAME_FOR = 5 * 60_000;

/** @type {State} */
const START = {
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
const NOT_SENT = { text: "", key: "", at: 0 };

export class ReminderForm {
  #page;
  #isSent;
  #state = START;
  /** @type {Error | null} */
  #failure = null;
  /** @type {string | null} */
  #news = null;
  #isBusy = false;
  /** The last request that failed. The API may have accepted it all the same. */
  #sent = NOT_SENT;

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
      const chosen = /** @type {Channel[]} */ ((submitter?.value ?? "email").split(" "));
      await this.#send(form, requestOf(typed, chosen, ZONE));
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
      const { body } = await this.#page.reminders.post("/reminders", request, { key: this.#keyOf(request) });
      this.#sent = NOT_SENT;
      form.reset();
      this.#state = START;
      this.#news = `Reminder set for ${timeText(body.dueAt)}, by ${channelsText(request.channels)}.`;
      this.#page.say(this.#news);
      this.#isSent();
    } catch (caught) {
      const found = caught instanceof Refused ? problemsIn(caught) : { problems: {}, twice: null, leap: null };
      const { email, phone } = found.problems;
      this.#failure = haveTheirPlaces(found.problems, fieldsShown(this.#state)) ? null : caught;
      const isElsewhere = this.#state.isElsewhere || Boolean(email || phone);
      this.#state = { ...this.#state, ...found, isElsewhere };
    }
  }

  /**
   * Returns the same key for the same request within minutes, because perhaps only the answer was lost.
   *
   * @param {Request} request
   */
  #keyOf(request) {
    const text = JSON.stringify(request);
    if (text !== this.#sent.text || Date.now() > this.#sent.at + SAME_FOR) {
      this.#sent = { text, key: newKey(), at: Date.now() };
    }
    return this.#sent.key;
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
            ["in", "After a delay"],
            ["at", "At a date and time"],
          ],
          value: "in",
          change: (chosen) => this.#set({ when: chosen, twice: null, leap: null, problems: {} }),
        })}
        ${when === "in" ? waitFields(this.#state) : timeFields(this.#state, this.#set)}
        ${repeatFields(this.#state, this.#set)} ${channels(this.#state, this.#isBusy, this.#page.session.person)}
        ${elsewhere(this.#state, this.#set)} ${failureNotice(this.#failure)}
        ${this.#news ? notice("good", html`<p>${this.#news}</p>`) : nothing}
      </form>
    `;
  }
}
