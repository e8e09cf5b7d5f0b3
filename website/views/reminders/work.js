import { Refused } from "../../http.js";
import { MEANWHILE, problemsIn } from "../../reminders.js";
import { focusOn, focusWrong } from "../../ui.js";
import { Editing } from "./editing.js";
import { SameKey } from "./same-key.js";

/** @import { Reminder } from "../../reminders.js" */
/** @import { FormEvent, Page } from "../../types/page.js" */

/** @typedef {"upcoming" | "past"} Section */

const NO_PROBLEM = { problems: {}, twice: null, leap: null };

/** @param {string} id the id of a reminder */
export const editId = (id) => `edit-${id}`;

/** The one change of a reminder that the person makes at a time. */
export class Work {
  #page;
  #reload;
  #key = new SameKey();
  /** @type {string | null} the id of the button that asks for a confirmation now */
  asked = null;
  editing;
  /** @type {string | null} the id of the reminder that was changed last */
  changed = null;
  /** @type {Section} its list */
  section = "upcoming";
  /** @type {Error | null} */
  failure = null;
  /** @type {string | null} */
  news = null;
  isBusy = false;

  /**
   * @param {Page} page
   * @param {() => Promise<unknown>} reload
   */
  constructor(page, reload) {
    this.#page = page;
    this.#reload = reload;
    this.editing = new Editing(page.update);
  }

  /** @param {string | null} id */
  ask = (id) => {
    this.#set({ asked: id });
  };

  /** @param {Reminder} reminder */
  begin(reminder) {
    this.editing.begin(reminder);
    this.#set({ failure: null, news: null });
    focusOn("edit-message");
  }

  leave = () => {
    const { id } = this.editing;
    this.editing.end();
    this.#set({ failure: null });
    focusOn(editId(id ?? ""));
  };

  /** @param {Partial<Work>} changes */
  #set(changes) {
    Object.assign(this, changes);
    this.#page.update();
  }

  /**
   * @param {FormEvent} event
   * @param {Reminder} reminder
   */
  async edit(event, reminder) {
    event.preventDefault();
    const form = event.currentTarget;
    const change = this.editing.changeIn(form, reminder);
    if (change === null) {
      focusWrong(form);
    } else if (Object.keys(change).length === 0) {
      this.leave();
    } else {
      await this.change(reminder, change, "upcoming", "Reminder changed.");
      focusWrong(document.getElementById("edit"));
    }
  }

  /**
   * @param {Reminder} reminder
   * @param {object} change the API's change
   * @param {Section} section
   * @param {string} done the words that report success
   */
  change(reminder, change, section, done) {
    const path = pathOf(reminder);
    const key = this.#key.of({ path, change });
    return this.#act(reminder, section, done, async () => {
      await this.#page.reminders.patch(path, change, { key });
      this.#key.isOver();
    });
  }

  /** @param {Reminder} reminder */
  cancel(reminder) {
    return this.#act(reminder, "upcoming", "Reminder cancelled.", () => this.#page.reminders.delete(pathOf(reminder)));
  }

  /**
   * @param {Reminder} reminder
   * @param {Section} section
   * @param {string} done
   * @param {() => Promise<unknown>} send
   */
  async #act(reminder, section, done, send) {
    if (this.isBusy) {
      return;
    }
    const changed = reminder.reminderId;
    this.#set({ isBusy: true, changed, section, failure: null, news: null });
    this.editing.set(NO_PROBLEM);
    try {
      await send();
      this.#close();
      this.news = done;
      this.#page.say(done);
    } catch (caught) {
      await this.#fail(reminder, caught);
    }
    await this.#reload();
    this.#set({ isBusy: false, asked: null });
    if (!this.isFormOfChanged) {
      focusOn(section);
    }
  }

  /** Whether the open form is for the reminder that was changed last. */
  get isFormOfChanged() {
    return this.editing.id !== null && this.editing.id === this.changed;
  }

  /** Closes the form of the changed reminder, and leaves the form of another reminder open. */
  #close() {
    if (this.isFormOfChanged) {
      this.editing.end();
    }
  }

  /**
   * @param {Reminder} reminder
   * @param {Error} caught
   */
  async #fail(reminder, caught) {
    let isShown = false;
    if (caught instanceof Refused) {
      this.#key.isOver();
      isShown = this.isFormOfChanged && this.editing.refuse(problemsIn(caught));
      if (caught.status === 409) {
        this.#close();
        this.failure = await this.#meanwhile(reminder, caught);
        return;
      }
    }
    this.failure = isShown ? null : caught;
  }

  /**
   * Returns an error that says what became of the reminder, or the API's own error if its status is still the same.
   *
   * @param {Reminder} before the reminder as the page showed it
   * @param {Error} caught
   */
  async #meanwhile(before, caught) {
    try {
      const { body } = await this.#page.reminders.get(pathOf(before));
      return body.status === before.status ? caught : new Error(MEANWHILE[/** @type {Reminder} */ (body).status]);
    } catch {
      return caught;
    }
  }
}

/** @param {Reminder} reminder */
const pathOf = ({ reminderId }) => `/reminders/${encodeURIComponent(reminderId)}`;
