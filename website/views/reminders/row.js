import { confirmButton } from "../../parts/confirm.js";
import { chip } from "../../parts/shown.js";
import { MORNING, tomorrowMorning } from "../../reminder-requests.js";
import { STATUSES, afterwardsText, channelsText, reasonText, repeatText } from "../../reminders.js";
import { ZONE, countdown, timeText } from "../../times.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { editForm } from "./edit.js";
import { editId } from "./work.js";

/** @import { Reminder } from "../../reminders.js" */
/** @import { Person } from "../../types/page.js" */
/** @import { Work } from "./work.js" */

const SNOOZE = 10 * 60;

/**
 * Renders a reminder.
 *
 * @param {Reminder} reminder
 * @param {unknown} state
 * @param {unknown} actions
 * @param {unknown} [form]
 */
const row = (reminder, state, actions, form = nothing) => html`
  <li class="card row wrap">
    <div class="grow">
      <p class="title message" dir="auto">${reminder.message}</p>
      <p class="quiet">
        <time datetime=${reminder.dueAt}>${timeText(reminder.dueAt)}</time> · by
        ${channelsText(reminder.channels)}${reminder.repeat ? html` · ${repeatText(reminder.repeat)}` : nothing}
      </p>
      ${reminder.reason ? html`<p class="reason">${reasonText(reminder)}</p>` : nothing}
      ${afterwardsText(reminder) ? html`<p class="reason">${afterwardsText(reminder)}</p>` : nothing}
    </div>
    <div class="end">
      ${state}
      <div class="buttons">${actions}</div>
    </div>
    ${form}
  </li>
`;

/**
 * Renders an upcoming reminder with its countdown.
 *
 * @param {Reminder} reminder
 * @param {{work: Work, now: number, person: Person | null}} about
 */
export function upcomingRow(reminder, { work, now, person }) {
  const { reminderId, message, status, dueAt } = reminder;
  const due = Date.parse(dueAt);
  const isDue = status !== "SCHEDULED" || due <= now;
  const state = isDue
    ? chip(STATUSES.SENDING)
    : html`<p class="countdown" role="timer"><span class="unseen">in </span>${countdown(due, now)}</p>`;
  const isEdited = work.editing.id === reminderId;
  const asked = [`now-${reminderId}`, `cancel-${reminderId}`].find((id) => id === work.asked);
  const edit = html`<button
    type="button"
    class="small"
    id=${editId(reminderId)}
    aria-label="Edit: ${message}"
    ?disabled=${work.isBusy}
    @click=${() => work.begin(reminder)}
  >
    Edit
  </button>`;
  const actions = html`
    ${asked || isDue ? nothing : edit} ${isDue || asked === `cancel-${reminderId}` ? nothing : sendNow(reminder, work)}
    ${asked === `now-${reminderId}` ? nothing : cancel(reminder, work)}
  `;
  return row(reminder, state, isEdited ? nothing : actions, isEdited ? editForm(reminder, work, person) : nothing);
}

/**
 * @param {Reminder} reminder
 * @param {Work} work
 */
const sendNow = (reminder, work) =>
  confirmButton({
    id: `now-${reminder.reminderId}`,
    label: "Send now",
    about: reminder.message,
    question: reminder.repeat ? "Send only this occurrence now? The later ones keep their times." : "Send it now?",
    yes: "Yes, send it",
    asked: work.asked,
    ask: work.ask,
    act: () => work.change(reminder, { sendNow: true }, "upcoming", "The reminder is being sent."),
    isBusy: work.isBusy,
  });

/**
 * @param {Reminder} reminder
 * @param {Work} work
 */
const cancel = (reminder, work) =>
  confirmButton({
    id: `cancel-${reminder.reminderId}`,
    label: "Cancel",
    about: reminder.message,
    question: reminder.repeat ? "Cancel this reminder and all its repeats?" : "Cancel this reminder?",
    yes: "Yes, cancel it",
    asked: work.asked,
    ask: work.ask,
    act: () => work.cancel(reminder),
    isBusy: work.isBusy,
  });

/**
 * Renders a past reminder. It can come again, unless it was cancelled.
 *
 * @param {Reminder} reminder
 * @param {Work} work
 */
export function pastRow(reminder, work) {
  const { status, message } = reminder;
  const again = (/** @type {string} */ label, /** @type {() => object} */ change) => html`
    <button
      type="button"
      class="small"
      aria-label="${label}: ${message}"
      ?disabled=${work.isBusy}
      @click=${() => work.change(reminder, change(), "past", "The reminder comes again. It is under “Upcoming”.")}
    >
      ${label}
    </button>
  `;
  const actions = html`
    ${again("Again in 10 minutes", () => ({ waitSeconds: SNOOZE }))}
    ${again(`Tomorrow ${MORNING.replace(/^0/, "")}`, () => tomorrowMorning(ZONE))}
  `;
  const isOver = ["SENT", "PARTLY_SENT", "FAILED"].includes(status);
  return row(reminder, chip(STATUSES[status]), isOver ? actions : nothing);
}
