import { textField } from "../ui.js";
import { html } from "../vendor/lit-html.js";

/** @import { Form } from "../orders.js" */
/** @import { Field, Input, Problems } from "../types/page.js" */

/** The names of the fields that `orderFields` shows. */
export const ORDER_FIELDS = ["Name", "ItemName", "Price", "CC"];

/**
 * Renders the fields of an order, for placing one and for correcting one.
 *
 * @param {object} fields
 * @param {string} fields.form the prefix of the controls' ids
 * @param {Partial<Form>} fields.values the initial values, never a card number
 * @param {Problems} fields.problems
 * @param {boolean} fields.isOwn whether the browser may fill in its user's own name
 */
export function orderFields({ form, values, problems, isOwn }) {
  /**
   * @param {keyof Form} name
   * @param {string} label
   * @param {Partial<Field & Input>} more
   */
  const one = (name, label, more) =>
    textField({ form, name, label, value: values[name] ?? "", problem: problems[name], ...more });
  return html`
    ${one("Name", "Name", { autocomplete: isOwn ? "name" : "off", maxlength: 200 })}
    ${one("ItemName", "Item", { maxlength: 200 })}
    <div class="pair">
      ${one("Price", "Price", { inputmode: "decimal", maxlength: 32, hint: "For example 80000 or 12.50." })}
      ${one("CC", "Card number", {
        // Browsers must not offer a real card.
        autocomplete: "off",
        inputmode: "numeric",
        maxlength: 40,
        hint: "Use a test card, never a real one. Only its last four digits are kept.",
      })}
    </div>
  `;
}

/**
 * Writes `values` into the form's controls.
 *
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} values
 */
export function fill(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const control = form.elements.namedItem(name);
    if (control instanceof HTMLInputElement) {
      control.value = value;
    }
  }
}
