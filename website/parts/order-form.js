import { textField } from "../ui.js";
import { html } from "../vendor/lit-html.js";

/** @import { Form } from "../orders.js" */
/** @import { Field, Input, Problems } from "../types/page.js" */

/** What `orderFields` shows. */
export const ORDER_FIELDS = ["Name", "ItemName", "Price", "CC"];

/**
 * The fields of an order: for whoever places one, and for the operator who corrects one.
 *
 * @param {object} fields
 * @param {string} fields.form begins the ids of the controls
 * @param {Partial<Form>} fields.values to begin with; never a card number
 * @param {Problems} fields.problems
 * @param {boolean} fields.isOwn whether the browser may fill in the name of who types
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
      ${one("Price", "Price", { inputmode: "decimal", maxlength: 32, hint: "Such as 80000 or 12.50." })}
      ${one("CC", "Card number", {
        // Only test cards belong here: none of one's own is to be offered.
        autocomplete: "off",
        inputmode: "numeric",
        maxlength: 40,
        hint: "A test card, never a real one. It is not kept.",
      })}
    </div>
  `;
}

/**
 * Puts `values` into the form's controls.
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
