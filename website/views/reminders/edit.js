import { textArea } from "../../parts/controls.js";
import { wallText } from "../../times.js";
import { failureNotice } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { ways } from "./channels.js";
import { details } from "./details.js";
import { repeatFields } from "./repeat.js";
import { timeFields } from "./when.js";

/** @import { Reminder } from "../../reminders.js" */
/** @import { FormEvent, Person } from "../../types/page.js" */
/** @import { Work } from "./work.js" */

/**
 * Renders the form that changes a reminder.
 *
 * @param {Reminder} reminder
 * @param {Work} work
 * @param {Person | null} person
 */
export function editForm(reminder, work, person) {
  const { editing, failure, isBusy } = work;
  const { state, set } = editing;
  const { message, dueAt, repeat } = reminder;
  return html`
    <form
      class="inset full"
      id="edit"
      novalidate
      aria-label="Edit: ${message}"
      @submit=${(/** @type {FormEvent} */ event) => work.edit(event, reminder)}
    >
      ${textArea({
        ...{ form: "edit", name: "message", label: "Message", rows: 2, maxlength: 1400 },
        ...{ value: message, problem: state.problems.message },
      })}
      ${timeFields("edit", state, set, wallText(new Date(dueAt)))} ${repeatFields("edit", state, set, repeat)}
      ${
        repeat
          ? html`<p class="hint">
              A new time moves only this occurrence. A change of the repetition counts from this occurrence on.
            </p>`
          : nothing
      }
      ${recipients(reminder, work, person)} ${details("edit", state, set, reminder)}
      ${work.isFormOfChanged ? failureNotice(failure) : nothing}
      <p class="buttons">
        <button class="primary" ?disabled=${isBusy}>${isBusy ? "Saving…" : "Save"}</button>
        <button type="button" @click=${work.leave}>Not now</button>
      </p>
    </form>
  `;
}

/**
 * @param {Reminder} reminder
 * @param {Work} work
 * @param {Person | null} person
 */
function recipients({ channels }, { editing }, person) {
  const { problems, email, phone } = editing.state;
  if (channels.includes("topic")) {
    return nothing;
  }
  return ways({
    form: "edit",
    has: {
      email: channels.includes("email") || Boolean(person?.verifiedEmail || email.trim()),
      sms: channels.includes("sms") || Boolean(person?.verifiedPhone || phone.trim()),
    },
    value: channels.join(" "),
    problem: problems.channels,
  });
}
