import { textField } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Person } from "../../types/page.js" */
/** @import { Set, State } from "./form.js" */

/**
 * Renders the three buttons of the original page. A button needs an address for each of its channels.
 *
 * @param {State} state
 * @param {boolean} isBusy
 * @param {Person | null} person
 */
export function channels({ problems, email, phone }, isBusy, person) {
  const verifiedEmail = person?.verifiedEmail;
  const verifiedPhone = person?.verifiedPhone;
  const [noEmail, noPhone] = [!(verifiedEmail || email.trim()), !(verifiedPhone || phone.trim())];
  const problem = problems.channels;
  return html`
    <div class="channels" role="group" aria-label="How" aria-describedby=${problem ? "remind-how-problem" : nothing}>
      <button class="primary" name="channels" value="email" ?disabled=${isBusy || noEmail}>By e-mail</button>
      <button class="primary" name="channels" value="sms" ?disabled=${isBusy || noPhone}>By SMS</button>
      <button class="primary" name="channels" value="email sms" ?disabled=${isBusy || noEmail || noPhone}>Both</button>
    </div>
    ${problem ? html`<p class="problem" id="remind-how-problem" role="alert">${problem}</p>` : nothing}
    <p class="hint">
      ${
        verifiedEmail
          ? html`E-mail goes to <strong>${verifiedEmail}</strong>. `
          : html`<a href="#/account">Confirm your e-mail address</a> to get reminders by e-mail. `
      }
      ${
        verifiedPhone
          ? html`Texts go to <strong class="number">${verifiedPhone}</strong>.`
          : html`<a href="#/account">Add your phone number</a> to get reminders by SMS.`
      }
    </p>
  `;
}

/**
 * Renders the fields for another recipient. The API knows which recipients the stage allows.
 *
 * @param {State} state
 * @param {Set} set
 */
export function elsewhere({ isElsewhere, problems }, set) {
  const toggle = (/** @type {Event & {currentTarget: HTMLDetailsElement}} */ { currentTarget }) =>
    set({ isElsewhere: currentTarget.open });
  const typed = (/** @type {Event & {target: HTMLInputElement}} */ { target }) => set({ [target.name]: target.value });
  return html`
    <details ?open=${isElsewhere} @toggle=${toggle} @input=${typed}>
      <summary>Send to another address</summary>
      <div class="inset">
        <p class="hint">
          Enter an address or a number that this installation allows. Leave a field empty to use your own.
        </p>
        <div class="pair">
          ${textField({
            form: "remind",
            name: "email",
            label: "E-mail",
            type: "email",
            inputmode: "email",
            maxlength: 254,
            required: false,
            problem: problems.email,
          })}
          ${textField({
            form: "remind",
            name: "phone",
            label: "Phone",
            type: "tel",
            inputmode: "tel",
            maxlength: 30,
            required: false,
            hint: "For example +15555550100.",
            problem: problems.phone,
          })}
        </div>
      </div>
    </details>
  `;
}
