/** Form controls that the sign-in does not need. A file of their own keeps the sign-in small. */

import { field, textField } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Control, Field, Input } from "../types/page.js" */

/** @typedef {[string, string]} Option a value and its words */

/**
 * Renders a text field of several lines.
 *
 * @param {Field & {rows?: number, maxlength?: unknown, value?: string}} field
 */
export function textArea({ rows = 3, maxlength = nothing, value = "", ...rest }) {
  /** @type {Control} */
  const control = ({ id, described, invalid }) => html`
    <textarea
      id=${id}
      name=${rest.name}
      rows=${rows}
      maxlength=${maxlength}
      .defaultValue=${value}
      required
      aria-describedby=${described}
      aria-invalid=${invalid}
    ></textarea>
  `;
  return field({ ...rest, control });
}

/**
 * Renders a field for a whole number.
 *
 * @param {Field & Input} rest
 */
export const numberField = (rest) => textField({ inputmode: "numeric", ...rest });

/**
 * Renders a list of which one value is chosen.
 *
 * @param {Field & {options: Option[], value: string}} about
 */
export function selectField({ options, value, ...rest }) {
  /** @type {Control} */
  const control = ({ id }) => html`
    <select id=${id} name=${rest.name}>
      ${options.map(([key, words]) => html`<option value=${key} ?selected=${key === value}>${words}</option>`)}
    </select>
  `;
  return field({ ...rest, control });
}

const AGAIN = "M15.5 7A6.3 6.3 0 1 0 16.3 10M16 3.5V7h-3.5";

/**
 * Renders the button that loads a list again. Lists load by themselves, so it is not prominent.
 *
 * @param {() => void} reload
 */
export const reloadButton = (reload) => html`
  <button type="button" class="plain" @click=${reload}>
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${AGAIN} /></svg>
    Reload
  </button>
`;

/**
 * Renders radio buttons in one line. `options` are pairs of value and words.
 *
 * It shows no problem: the form shows it below, with the id `described`.
 *
 * @param {object} about
 * @param {string} about.form
 * @param {string} about.name
 * @param {string} about.label
 * @param {[string, string][]} about.options
 * @param {string} about.value
 * @param {string[]} [about.disabled] the values that cannot be chosen
 * @param {string | symbol} [about.described]
 * @param {(value: string) => void} [about.change]
 */
export function choice({ form, name, label, options, value, disabled = [], described = nothing, change = () => {} }) {
  return html`
    <fieldset class="choice" aria-describedby=${described}>
      <legend>${label}</legend>
      ${options.map(
        ([key, words]) => html`
          <label>
            <input
              type="radio"
              id="${form}-${name}-${key}"
              name=${name}
              value=${key}
              ?checked=${key === value}
              ?disabled=${disabled.includes(key)}
              @change=${() => change(key)}
            />
            <span>${words}</span>
          </label>
        `,
      )}
    </fieldset>
  `;
}
