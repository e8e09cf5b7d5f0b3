import { ask, now } from "../clock.js";
import { ServerDown } from "../http.js";
import { poll } from "../resource.js";
import { timeText } from "../times.js";
import { focusOn, focusWrong, hasLostFocus } from "../ui.js";

/** @import { CloudClock } from "../clock.js" */
/** @import { Page, Problems } from "../types/page.js" */

/** The id of the heading, which gets the focus when the button that stops a turn goes. */
export const HEADING = "clock";
export const STOP = "clock-stop";

/** After so many missing answers in a row the page says that there is a problem. It goes on asking. */
const MISSED_ANSWERS = 3;

/** Loads the clock of the laptop cloud, and turns it. */
export class Turns {
  #page;
  /** @type {CloudClock | null} */
  clock = null;
  /** @type {Error | null} */
  failure = null;
  /** @type {Problems} */
  problems = {};
  /** Whether a turn that this page asked for is under way. */
  isTurning = false;
  /** @type {string | null} why the engine refused the last turn. It stays until the next one */
  #refused = null;
  /** The number of the latest call of `turn`. Only this one reports what happens. */
  #latest = 0;

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
  }

  /** Why the last turn was refused or ended early. */
  get problem() {
    // During a turn the clock may still have the error of an earlier one.
    return this.#refused ?? (this.isTurning ? null : (this.clock?.error ?? null));
  }

  async load() {
    await this.#ask().catch(() => {});
  }

  /**
   * Turns the clock, and announces the end. During a turn it ignores another one: a double click is one turn.
   *
   * @param {Record<string, string>} turn
   */
  turn = async (turn) => {
    if (this.isTurning && ("by" in turn || "to" in turn)) {
      return;
    }
    const { say, signal, update } = this.#page;
    const call = ++this.#latest;
    const isLatest = () => call === this.#latest && !signal.aborted;
    const stood = this.clock?.target === null;
    Object.assign(this, { isTurning: true, failure: null, problems: {} });
    this.#refused = null;
    update();
    try {
      const { clock, refused } = await this.#ask(turn);
      if (!refused && clock?.target && isLatest()) {
        if (stood) {
          say("The clock is turning.");
        }
        await this.#standing(isLatest);
      }
      if (isLatest()) {
        this.#refused = refused;
      }
    } catch (caught) {
      if (isLatest()) {
        this.failure = caught;
      }
    }
    if (isLatest()) {
      this.isTurning = false;
      update();
      // A screen reader reads the notice of a problem by itself.
      if (!this.problem && !this.failure) {
        say(`The clock shows ${timeText(new Date(now()).toISOString())}.`);
      }
    }
  };

  /**
   * Shows why a field of a form is invalid.
   *
   * @param {HTMLFormElement} form
   * @param {Problems} problems
   */
  refuse = (form, problems) => {
    this.problems = problems;
    this.#refused = null;
    const before = document.activeElement;
    this.#page.update();
    focusWrong(form);
    if (document.activeElement === before) {
      // Screen readers read a field's problem only when the field gets the focus.
      this.#page.say(Object.values(problems).join(" "));
    }
  };

  /** @param {Record<string, string>} [turn] */
  async #ask(turn) {
    const { config, signal, update } = this.#page;
    const answer = await ask(config.outbox ?? "", turn, signal);
    if (!answer.clock && this.clock) {
      throw new ServerDown();
    }
    const isOnStop = document.activeElement?.id === STOP;
    Object.assign(this, { clock: answer.clock, failure: null });
    update();
    if (isOnStop && hasLostFocus()) {
      focusOn(HEADING);
    }
    return answer;
  }

  /**
   * Waits until the clock stands, or until `isLatest` returns false.
   *
   * @param {() => boolean} isLatest
   */
  async #standing(isLatest) {
    let missed = 0;
    const stands = async () => {
      try {
        const { clock } = await this.#ask();
        missed = 0;
        return !clock?.target || !isLatest();
      } catch (caught) {
        missed += 1;
        if (missed >= MISSED_ANSWERS && isLatest()) {
          this.failure = caught;
          this.#page.update();
        }
        return !isLatest();
      }
    };
    await poll(stands, { signal: this.#page.signal, first: 100, longest: 1000 });
  }
}
