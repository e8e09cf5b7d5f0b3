import { textField } from "../../ui.js";
import { html } from "../../vendor/lit-html.js";

/** @import { Set, State } from "./form.js" */

/**
 * Renders the fields that few reminders need: the subject of the e-mail, and another recipient. The API knows which
 * recipients the stage allows.
 *
 * @param {string} form the prefix of the controls' ids
 * @param {Pick<State, "isElsewhere" | "problems">} state
 * @param {Set} set
 * @param {{subject?: string, email?: string, phone?: string}} [now] what the reminder has, with hidden addresses
 */
export function details(form, { isElsewhere, problems }, set, now = {}) {
  const toggle = (/** @type {Event & {currentTarget: HTMLDetailsElement}} */ { currentTarget }) =>
    set({ isElsewhere: currentTarget.open });
  const typed = (/** @type {Event & {target: HTMLInputElement}} */ { target }) => set({ [target.name]: target.value });
  const shared = { form, required: false };
  return html`
    <details ?open=${isElsewhere} @toggle=${toggle} @input=${typed}>
      <summary>Another address, or a subject</summary>
      <div class="inset">
        <p class="hint">
          Enter an address or a number that this installation allows. Leave a field empty to
          ${now.email || now.phone ? "keep the present address, or to use your own" : "use your own"}.
        </p>
        <div class="pair">
          ${textField({
            ...{ ...shared, name: "email", label: "E-mail", type: "email", inputmode: "email", maxlength: 254 },
            hint: now.email && `Now ${now.email}.`,
            problem: problems.email,
          })}
          ${textField({
            ...{ ...shared, name: "phone", label: "Phone", type: "tel", inputmode: "tel", maxlength: 30 },
            hint: now.phone ? `Now ${now.phone}.` : "For example +15555550100.",
            problem: problems.phone,
          })}
        </div>
        ${textField({
          ...{ ...shared, name: "subject", label: "Subject of the e-mail", maxlength: 100, value: now.subject },
          problem: problems.subject,
        })}
      </div>
    </details>
  `;
}
