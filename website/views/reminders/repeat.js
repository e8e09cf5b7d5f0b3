import { choice, numberField, selectField } from "../../parts/controls.js";
import { STEPS, ruleShown } from "../../reminders.js";
import { textField } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Option } from "../../parts/controls.js" */
/** @import { Rule } from "../../reminders.js" */
/** @import { Set, State } from "./form.js" */

/** @type {Option[]} */
const OFTEN = Object.entries(STEPS).map(([step, [, words]]) => [step, words]);
/** @type {Option[]} */
const ENDS = [
  ["never", "Never"],
  ["times", "After a number of times"],
  ["until", "On a date"],
];

/**
 * Renders the switch that lets a reminder repeat, and the fields of its rule.
 *
 * @param {string} form the prefix of the controls' ids
 * @param {Pick<State, "repeats" | "ends" | "problems">} state
 * @param {Set} set
 * @param {Rule} [rule] the rule that the reminder has
 */
export function repeatFields(form, state, set, rule) {
  const toggle = (/** @type {Event & {currentTarget: HTMLInputElement}} */ event) =>
    set({ repeats: event.currentTarget.checked });
  return html`
    <label class="switch">
      <input
        type="checkbox"
        id="${form}-repeats"
        name="repeats"
        role="switch"
        ?checked=${Boolean(rule)}
        @change=${toggle}
      />
      <span>Repeats</span>
    </label>
    ${state.repeats ? html`<div class="inset">${ruleFields(form, state, set, rule)}</div>` : nothing}
  `;
}

/**
 * @param {string} form
 * @param {Pick<State, "ends" | "problems">} state
 * @param {Set} set
 * @param {Rule | undefined} rule
 */
function ruleFields(form, { ends, problems }, set, rule) {
  const { every, step, times, until } = ruleShown(rule);
  return html`
    <fieldset class="often">
      <legend>How often</legend>
      <div class="pair">
        ${numberField({ form, name: "every", label: "Every", value: every, maxlength: 6, problem: problems.every })}
        ${selectField({ form, name: "step", label: "Period", options: OFTEN, value: step })}
      </div>
    </fieldset>
    ${choice({
      ...{ form, name: "ends", label: "Ends", options: ENDS, value: ruleShown(rule).ends },
      change: (chosen) => set({ ends: chosen }),
    })}
    ${
      ends === "times"
        ? numberField({
            ...{ form, name: "times", label: "Number of times", value: times, maxlength: 4 },
            problem: problems.times,
          })
        : nothing
    }
    ${
      ends === "until"
        ? textField({
            ...{ form, name: "until", label: "Ends at", type: "datetime-local", value: until },
            problem: problems.until,
          })
        : nothing
    }
  `;
}
