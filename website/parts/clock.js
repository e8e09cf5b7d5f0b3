import { timeText } from "../times.js";
import { failureNotice, notice } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";
import { clockForms } from "./clock-forms.js";
import { HEADING, STOP, Turns } from "./clock-turns.js";

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
  #turns;

  /** @param {Page} page */
  constructor(page) {
    this.#turns = new Turns(page);
  }

  load() {
    return this.#turns.load();
  }

  // Rendering

  render() {
    const { clock, failure, isTurning, problem, problems, refuse, turn } = this.#turns;
    return clock
      ? html`
          <section class="card" aria-labelledby=${HEADING}>
            <h2 id=${HEADING} tabindex="-1">Clock</h2>
            <p><time>${timeText(new Date(clock.now * 1000).toISOString())}</time>${about(clock)}</p>
            ${clock.next ? html`<p class="hint">Next, ${timeText(new Date(clock.next.at * 1000).toISOString())}: ${clock.next.what}</p>` : nothing}
            <p class="buttons" role="group" aria-label="Turn the clock">
              ${SPANS.map(([label, seconds]) => this.#button(`+${label}`, { by: String(seconds) }, isTurning))}
              ${clock.rate === 1 ? this.#button(`Run ${FAST}x`, { rate: String(FAST) }) : this.#button("Run 1x", { rate: "1" })}
              ${this.#button("Real time", { real: "1" })}
              ${clock.target === null ? nothing : html`<button type="button" class="small" id=${STOP} @click=${() => turn({ stop: "1" })}>Stop</button>`}
            </p>
            ${clockForms({ problems, isTurning, refuse, turn })}
            ${problem ? notice("bad", html`<p>${problem}</p>`) : nothing} ${failureNotice(failure)}
          </section>
        `
      : failureNotice(failure);
  }

  /**
   * @param {string} label
   * @param {Record<string, string>} turn
   * @param {boolean} [isIdle] whether the button does nothing now. A disabled button would lose the focus
   */
  #button(label, turn, isIdle = false) {
    // The second click of a double click may come when a short turn has ended.
    const click = (/** @type {MouseEvent} */ { detail }) => detail < 2 && this.#turns.turn(turn);
    return html`<button type="button" class="small" aria-disabled=${isIdle ? "true" : nothing} @click=${click}>
      ${label}
    </button>`;
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
