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
