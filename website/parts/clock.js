import { ask, now } from "../clock.js";
import { ServerDown } from "../http.js";
import { poll } from "../resource.js";
import { timeText } from "../times.js";
import { failureNotice, focusOn, hasLostFocus, notice } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";
import { clockForms } from "./clock-forms.js";

/** @import { CloudClock } from "../clock.js" */
/** @import { Page } from "../types/page.js" */

/** @type {[string, number][]} */
const SPANS = [
  ["10 minutes", 600],
  ["1 hour", 3600],
  ["1 day", 86_400],
  ["30 days", 30 * 86_400],
];

const FAST = 60;

/** Shows the clock of the laptop cloud and turns it. See docs/local.md#the-clock. */
export class ClockPanel {
  #page;
  /** @type {CloudClock | null} */
  #clock = null;
  /** @type {Error | null} */
  #failure = null;
  /** @type {string | null} why the last turn was refused. It stays until the next one */
  #refused = null;

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
  }

  // Actions

  async load() {
    await this.#ask().catch(() => {});
  }

  /** @param {Record<string, string>} [turn] */
  async #ask(turn) {
    const { config, signal, update } = this.#page;
    const { clock, refused } = await ask(config.outbox ?? "", turn, signal);
    this.#clock = clock;
    if (turn) {
      this.#refused = refused;
    }
    update();
  }

  get #problem() {
    return this.#refused ?? this.#clock?.error ?? null;
  }

  /** @param {Record<string, string>} turn */
  #turn = async (turn) => {
    this.#failure = null;
    try {
      await this.#ask(turn);
      const stands = async () => !this.#clock?.target || (await this.#ask(), !this.#clock?.target);
      await poll(stands, { signal: this.#page.signal, first: 100, longest: 1000 });
      if (!this.#clock) {
        throw new ServerDown();
      }
      this.#page.say(this.#problem ?? `The clock shows ${timeText(new Date(now()).toISOString())}.`);
    } catch (caught) {
      this.#failure = caught;
      this.#page.update();
    }
  };

  #stop = async () => {
    await this.#turn({ stop: "1" });
    // The button has gone.
    if (hasLostFocus()) {
      focusOn("clock");
    }
  };

  /** @param {string} why */
  #refuse = (why) => {
    this.#refused = why;
    this.#page.say(why);
    this.#page.update();
  };

  // Rendering

  render() {
    const clock = this.#clock;
    return clock
      ? html`
          <section class="card" aria-labelledby="clock">
            <h2 id="clock" tabindex="-1">Clock</h2>
            <p><time>${timeText(new Date(clock.now * 1000).toISOString())}</time>${about(clock)}</p>
            ${clock.next ? html`<p class="hint">Next, ${timeText(new Date(clock.next.at * 1000).toISOString())}: ${clock.next.what}</p>` : nothing}
            <p class="buttons" role="group" aria-label="Turn the clock">
              ${SPANS.map(([label, seconds]) => this.#button(`+${label}`, { by: String(seconds) }))}
              ${clock.rate === 1 ? this.#button(`Run ${FAST}x`, { rate: String(FAST) }) : this.#button("Run 1x", { rate: "1" })}
              ${this.#button("Real time", { real: "1" })}
              ${clock.target === null ? nothing : html`<button type="button" class="small" @click=${this.#stop}>Stop</button>`}
            </p>
            ${clockForms({ turn: this.#turn, refuse: this.#refuse })}
            ${this.#problem ? notice("bad", html`<p>${this.#problem}</p>`) : nothing} ${failureNotice(this.#failure)}
          </section>
        `
      : failureNotice(this.#failure);
  }

  /**
   * @param {string} label
   * @param {Record<string, string>} turn
   */
  #button(label, turn) {
    return html`<button type="button" class="small" @click=${() => this.#turn(turn)}>${label}</button>`;
  }
}

/** @param {CloudClock} clock */
function about({ ahead, rate, target }) {
  if (target !== null) {
    return ", it is turning";
  }
  const fast = rate === 1 ? "" : `, ${rate} times as fast as the real time`;
  return Math.abs(ahead) < 1 && !fast ? ", the real time" : fast;
}
