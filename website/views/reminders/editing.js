import { changeOf, problemsOf } from "../../reminder-requests.js";
import { fieldsShown, ruleShown } from "../../reminders.js";
import { ZONE } from "../../times.js";
import { fieldsOf, haveTheirPlaces } from "../../ui.js";
import { START } from "./form.js";

/** @import { Refusal, Reminder } from "../../reminders.js" */
/** @import { Set, State } from "./form.js" */

/** The open form that changes a reminder: what is chosen in it, and what is wrong with it. */
export class Editing {
  #update;
  /** @type {string | null} the id of the reminder whose form is open */
  id = null;
  /** @type {State} */
  state = START;

  /** @param {() => void} update shows the form again */
  constructor(update) {
    this.#update = update;
  }

  /** @param {Reminder} reminder */
  begin({ reminderId, repeat }) {
    this.id = reminderId;
    this.state = { ...START, when: "at", repeats: Boolean(repeat), ends: ruleShown(repeat).ends };
  }

  end() {
    this.id = null;
  }

  /** @type {Set} */
  set = (changes) => {
    this.state = { ...this.state, ...changes };
    this.#update();
  };

  /**
   * Returns the API's change of the reminder. Returns null, and shows the problems, if a field is invalid.
   *
   * @param {HTMLFormElement} form
   * @param {Reminder} reminder
   */
  changeIn(form, reminder) {
    const typed = { channels: reminder.channels.join(" "), ...fieldsOf(form) };
    const problems = problemsOf({ ...typed, when: "at" });
    if (Object.keys(problems).length) {
      this.refuse({ problems, twice: null, leap: null });
      return null;
    }
    return changeOf(typed, reminder, ZONE);
  }

  /**
   * Shows what is wrong. Returns whether each problem has a field, beside which it is shown.
   *
   * @param {Refusal} refusal
   */
  refuse(refusal) {
    const { email, phone, subject } = refusal.problems;
    this.set({ ...refusal, isElsewhere: this.state.isElsewhere || Boolean(email || phone || subject) });
    return haveTheirPlaces(refusal.problems, fieldsShown(this.state));
  }
}
