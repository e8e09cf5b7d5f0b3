import { now } from "../clock.js";
import { instantsOf, wallText } from "../times.js";
import { field, fieldsOf, textField } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Control, FormEvent, Problems } from "../types/page.js" */

/** @type {Record<string, number>} */
const UNITS = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };

/**
 * Renders two forms that turn the clock: by a span, and to a time.
 *
 * @param {object} forms
 * @param {Problems} forms.problems
 * @param {boolean} forms.isTurning
 * @param {(turn: Record<string, string>) => void} forms.turn
 * @param {(form: HTMLFormElement, problems: Problems) => void} forms.refuse
 */
export function clockForms({ problems, isTurning, turn, refuse }) {
  /** @param {FormEvent} event */
  const turnBy = (event) => {
    event.preventDefault();
    const seconds = secondsOf(fieldsOf(event.currentTarget).by);
    if (seconds === null) {
      const by = "This is not a span. Write one such as 3d or 1h30m, with the units w, d, h, m and s.";
      refuse(event.currentTarget, { by });
    } else {
      turn({ by: String(seconds) });
    }
  };
  /** @param {FormEvent} event */
  const turnTo = (event) => {
    event.preventDefault();
    const [at, again] = instantsOf(fieldsOf(event.currentTarget).to);
    if (at === undefined || again !== undefined) {
      const often = at === undefined ? "never" : "twice";
      refuse(event.currentTarget, { to: `The clocks show this time ${often}. Write one before or after it.` });
    } else {
      turn({ to: String(at / 1000) });
    }
  };
  const { by, to } = problems;
  /** @param {string} label */
  const button = (label) =>
    // A disabled button would lose the focus.
    html`<button aria-disabled=${isTurning ? "true" : nothing} @click=${onlyFirst}>${label}</button>`;
  return html`
    <form class="look-up" @submit=${turnBy}>
      ${textField({ form: "clock", name: "by", label: "Span, such as 3d or 1h30m", maxlength: 60, problem: by })}
      ${button("Turn by this span")}
    </form>
    <form class="look-up" @submit=${turnTo}>
      ${field({ form: "clock", name: "to", label: "Date and time", problem: to, control: time })}
      ${button("Turn to this time")}
    </form>
  `;
}

/**
 * Ignores the second click of a double click, which may come when a short turn has ended.
 *
 * @param {MouseEvent} event
 */
function onlyFirst(event) {
  if (event.detail > 1) {
    event.preventDefault();
  }
}

/** @type {Control} */
const time = ({ id, described, invalid }) => html`
  <input
    id=${id}
    name="to"
    type="datetime-local"
    min=${wallText(new Date(now()))}
    max="2199-12-31T23:59"
    required
    aria-describedby=${described}
    aria-invalid=${invalid}
  />
`;

/**
 * Returns the seconds of a span in the spelling of `laptop clock`, with or without its plus. A day has 24 hours.
 *
 * @param {string} span
 */
function secondsOf(span) {
  const text = span.replaceAll(" ", "");
  if (!/^\+?(?:[0-9]{1,9}[wdhms])+$/.test(text)) {
    return null;
  }
  const parts = [...text.matchAll(/([0-9]+)([wdhms])/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit], 0);
}
