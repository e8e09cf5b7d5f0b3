import { choice } from "../../parts/controls.js";
import { WAYS, channelsOf } from "../../reminder-requests.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Channel } from "../../reminders.js" */
/** @import { Person } from "../../types/page.js" */
/** @import { State } from "./form.js" */

/**
 * Renders the choice between the ways to be reminded: the three buttons of the original page. A way needs an address
 * for each of its channels.
 *
 * @param {object} about
 * @param {string} about.form
 * @param {Record<"email" | "sms", boolean>} about.has which channels have an address
 * @param {string} [about.value] the chosen way, or else the first that has its addresses
 * @param {string} [about.problem]
 */
export function ways({ form, has, value, problem }) {
  const missing = WAYS.map(([way]) => way).filter((way) => !channelsOf(way).every((channel) => isIn(has, channel)));
  const first = WAYS.find(([way]) => !missing.includes(way));
  return html`
    ${choice({
      ...{ form, name: "channels", label: "How", options: WAYS, value: value ?? first?.[0] ?? "", disabled: missing },
      described: problem ? `${form}-channels-problem` : nothing,
    })}
    ${problem ? html`<p class="problem full" id="${form}-channels-problem" role="alert">${problem}</p>` : nothing}
  `;
}

/**
 * @param {Record<string, boolean>} has
 * @param {Channel} channel
 */
const isIn = (has, channel) => has[channel];

/**
 * Renders the button that sets a reminder, and the way beside it.
 *
 * @param {State} state
 * @param {boolean} isBusy
 * @param {Person | null} person
 */
export function channels({ problems, email, phone }, isBusy, person) {
  const verifiedEmail = person?.verifiedEmail;
  const verifiedPhone = person?.verifiedPhone;
  const has = { email: Boolean(verifiedEmail || email.trim()), sms: Boolean(verifiedPhone || phone.trim()) };
  return html`
    <div class="channels">
      ${ways({ form: "remind", has, problem: problems.channels })}
      <button class="primary" ?disabled=${isBusy || !(has.email || has.sms)}>Remind me</button>
    </div>
    <p class="hint">
      ${
        verifiedEmail
          ? html`E-mail goes to <strong class="address">${verifiedEmail}</strong>. `
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
