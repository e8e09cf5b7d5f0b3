import { now } from "../clock.js";
import { instantsOf, wallText } from "../times.js";
import { field, fieldsOf, textField } from "../ui.js";
import { html } from "../vendor/lit-html.js";

/** @import { Control, FormEvent } from "../types/page.js" */

/** @type {Record<string, number>} */
const UNITS = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };

/**
 * Renders two forms that turn the clock: by a span, and to a time.
 *
 * @param {{turn: (turn: Record<string, string>) => void, refuse: (why: string) => void}} actions
 */
export function clockForms({ turn, refuse }) {
  /** @param {FormEvent} event */
  const turnBy = (event) => {
    event.preventDefault();
    const seconds = secondsOf(fieldsOf(event.currentTarget).by);
    if (seconds === null) {
      refuse("This is not a span. Write one such as 3d or 1h30m, with the units w, d, h, m and s.");
    } else {
      turn({ by: String(seconds) });
    }
  };
  /** @param {FormEvent} event */
  const turnTo = (event) => {
    event.preventDefault();
    const [at, again] = instantsOf(fieldsOf(event.currentTarget).to);
    if (at === undefined || again !== undefined) {
      refuse(`The clocks show this time ${at === undefined ? "never" : "twice"}. Write one before or after it.`);
    } else {
      turn({ to: String(at / 1000) });
    }
  };
  const span = { form: "clock", name: "by", label: "Span, such as 3d or 1h30m", maxlength: 60 };
  return html`
    <form class="look-up" @submit=${turnBy}>
      ${textField(span)}
      <button>Turn by this span</button>
    </form>
    <form class="look-up" @submit=${turnTo}>
      ${field({ form: "clock", name: "to", label: "Date and time", control: time })}
      <button>Turn to this time</button>
    </form>
  `;
}

/** @type {Control} */
const time = ({ id }) => html`
  <input id=${id} name="to" type="datetime-local" min=${wallText(new Date(now()))} max="2199-12-31T23:59" required />
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
