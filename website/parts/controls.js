/** Form controls that the sign-in does not need. A file of their own keeps the sign-in small. */

import { field } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Control, Field } from "../types/page.js" */

/**
 * Renders a text field of several lines.
 *
 * @param {Field & {rows?: number, maxlength?: unknown}} field
 */
export function textArea({ rows = 3, maxlength = nothing, ...rest }) {
  /** @type {Control} */
  const control = ({ id, described, invalid }) => html`
    <textarea
      id=${id}
      name=${rest.name}
      rows=${rows}
      maxlength=${maxlength}
      required
      aria-describedby=${described}
      aria-invalid=${invalid}
    ></textarea>
  `;
  return field({ ...rest, control });
}

/**
 * Renders radio buttons in one line. `options` are pairs of value and words.
 *
 * It shows no problem. Only `fold` can have one, and the form shows that below the time.
 *
 * @param {object} about
 * @param {string} about.form
 * @param {string} about.name
 * @param {string} about.label
 * @param {[string, string][]} about.options
 * @param {string} about.value
 * @param {(value: string) => void} [about.change]
 */
export function choice({ form, name, label, options, value, change = () => {} }) {
  return html`
    <fieldset class="choice">
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
              @change=${() => change(key)}
            />
            <span>${words}</span>
          </label>
        `,
      )}
    </fieldset>
  `;
}
