import { choice } from "../../parts/controls.js";
import { STEPS, WAITS } from "../../reminders.js";
import { ZONE, wallText } from "../../times.js";
import { field, focusOn, textField } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { ButtonEvent, Field, Input } from "../../types/page.js" */
/** @import { Refusal } from "../../reminders.js" */
/** @import { Set, State } from "./form.js" */

/** @typedef {[string, string]} Option a value and its words */

/** @type {Option[]} */
const UNITS = Object.keys(WAITS).map((unit) => [unit, unit]);
/** @type {Option[]} */
const OFTEN = Object.entries(STEPS).map(([step, [, words]]) => [step, words]);

/** @param {State} state */
export function waitFields({ problems }) {
  return html`
    <div class="pair">
      ${numberField({ name: "count", label: "In", value: "1", maxlength: 8, problem: problems.count })}
      ${selectField({ name: "unit", label: "Unit", options: UNITS, value: "hours" })}
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
      min: wallText(new Date()),
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

/**
 * @param {State} state
 * @param {Set} set
 */
export function repeatFields(state, set) {
  const toggle = (/** @type {Event & {currentTarget: HTMLInputElement}} */ event) =>
    set({ repeats: event.currentTarget.checked });
  return html`
    <label class="switch">
      <input type="checkbox" name="repeats" role="switch" @change=${toggle} />
      <span>Repeats</span>
    </label>
    ${state.repeats ? html`<div class="inset">${stepFields(state, set)}</div>` : nothing}
  `;
}

/**
 * @param {State} state
 * @param {Set} set
 */
function stepFields({ ends, problems }, set) {
  return html`
    <fieldset class="often">
      <legend>How often</legend>
      <div class="pair">
        ${numberField({ name: "every", label: "Every", value: "1", maxlength: 6, problem: problems.every })}
        ${selectField({ name: "step", label: "Period", options: OFTEN, value: "d" })}
      </div>
    </fieldset>
    ${choice({
      form: "remind",
      name: "ends",
      label: "Ends",
      options: [
        ["never", "Never"],
        ["times", "After a number of times"],
        ["until", "On a date"],
      ],
      value: "never",
      change: (chosen) => set({ ends: chosen }),
    })}
    ${
      ends === "times"
        ? numberField({ name: "times", label: "Number of times", value: "3", maxlength: 4, problem: problems.times })
        : nothing
    }
    ${
      ends === "until"
        ? textField({
            form: "remind",
            name: "until",
            label: "Ends at",
            type: "datetime-local",
            problem: problems.until,
          })
        : nothing
    }
  `;
}

/** @param {Omit<Field, "form"> & Input} rest */
const numberField = (rest) => textField({ form: "remind", inputmode: "numeric", ...rest });

/** @param {{name: string, label: string, options: Option[], value: string}} about */
function selectField({ name, label, options, value }) {
  return field({
    form: "remind",
    name,
    label,
    control: ({ id }) => html`
      <select id=${id} name=${name}>
        ${options.map(([key, words]) => html`<option value=${key} ?selected=${key === value}>${words}</option>`)}
      </select>
    `,
  });
}
