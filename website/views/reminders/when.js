import { now } from "../../clock.js";
import { choice, numberField, selectField } from "../../parts/controls.js";
import { WAITS } from "../../reminders.js";
import { ZONE, wallText } from "../../times.js";
import { focusOn, textField } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Option } from "../../parts/controls.js" */
/** @import { ButtonEvent } from "../../types/page.js" */
/** @import { Refusal } from "../../reminders.js" */
/** @import { State } from "./form.js" */

/** @type {Option[]} */
const UNITS = Object.keys(WAITS).map((unit) => [unit, unit]);

/** @param {State} state */
export function waitFields({ problems }) {
  return html`
    <div class="pair">
      ${numberField({ form: "remind", name: "count", label: "In", value: "1", maxlength: 8, problem: problems.count })}
      ${selectField({ form: "remind", name: "unit", label: "Unit", options: UNITS, value: "hours" })}
    </div>
  `;
}

/**
 * @param {string} form the prefix of the controls' ids
 * @param {Pick<State, "problems" | "twice" | "leap">} state
 * @param {(changes: Partial<Refusal>) => void} set
 * @param {string} [value]
 */
export function timeFields(form, { problems, twice, leap }, set, value = "") {
  return html`
    ${textField({
      form,
      value,
      name: "timestamp",
      label: "Date and time",
      type: "datetime-local",
      min: wallText(new Date(now())),
      hint: ZONE ? `Local time in ${ZONE}.` : "Local time of this browser.",
      problem: problems.timestamp,
    })}
    ${leap ? leapButton(form, leap, set) : nothing} ${twice ? foldChoice(form, twice) : nothing}
  `;
}

/**
 * @param {string} form
 * @param {string} leap
 * @param {(changes: Partial<Refusal>) => void} set
 */
function leapButton(form, leap, set) {
  const use = (/** @type {ButtonEvent} */ { currentTarget }) => {
    const control = currentTarget.form?.elements.namedItem("timestamp");
    if (control instanceof HTMLInputElement) {
      control.value = leap;
    }
    set({ leap: null, problems: {} });
    focusOn(`${form}-timestamp`);
  };
  return html`<p><button type="button" class="small" @click=${use}>Use ${leap.slice(-5)} instead</button></p>`;
}

/**
 * @param {string} form
 * @param {string[]} offsets
 */
const foldChoice = (form, offsets) =>
  choice({
    form,
    name: "fold",
    label: "Which one?",
    options: offsets.map((offset, i) => [String(i), `The ${i ? "second" : "first"} (UTC${offset})`]),
    value: "0",
  });
