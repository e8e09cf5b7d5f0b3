import { textArea } from "../../parts/controls.js";
import { wallText } from "../../times.js";
import { failureNotice } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { ways } from "./channels.js";
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
  const { refusal, failure, isBusy } = work;
  const { message, dueAt, repeat, channels } = reminder;
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
        ...{ value: message, problem: refusal.problems.message },
      })}
      ${timeFields("edit", refusal, work.setRefusal, wallText(new Date(dueAt)))}
      ${repeat ? html`<p class="hint">Only this occurrence moves. The later ones keep their times.</p>` : nothing}
      ${
        channels.includes("topic")
          ? nothing
          : ways({
              form: "edit",
              has: {
                email: channels.includes("email") || Boolean(person?.verifiedEmail),
                sms: channels.includes("sms") || Boolean(person?.verifiedPhone),
              },
              value: channels.join(" "),
              problem: refusal.problems.channels,
            })
      }
      ${work.isFormOfChanged ? failureNotice(failure) : nothing}
      <p class="buttons">
        <button class="primary" ?disabled=${isBusy}>${isBusy ? "Saving…" : "Save"}</button>
        <button type="button" @click=${work.leave}>Not now</button>
      </p>
    </form>
  `;
}
