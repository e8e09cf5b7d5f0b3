import { Refused } from "../failures.js";
import { Pages } from "../pages.js";
import { confirmButton } from "../parts/confirm.js";
import { more } from "../parts/more.js";
import {
  CHANNELS,
  STATUSES,
  STEPS,
  WAITS,
  fieldsShown,
  isWaiting,
  newKey,
  problemsIn,
  problemsOf,
  repeatText,
  requestOf,
} from "../reminders.js";
import { poll } from "../resource.js";
import { ZONE, countdown, timeText, wallText } from "../times.js";
import {
  chip,
  choice,
  empty,
  failureNotice,
  field,
  fieldsOf,
  focusOn,
  focusWrong,
  haveTheirPlaces,
  notice,
  shown,
  textArea,
  textField,
} from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";
import { repeat } from "../vendor/directives/repeat.js";

const LISTS_ANEW = 3000;
const SAME_FOR = 5 * 60_000;
const UNITS = Object.keys(WAITS).map((unit) => [unit, unit]);
const OFTEN = Object.entries(STEPS).map(([step, [, words]]) => [step, words]);

/** The form for a reminder, and the person's reminders. */
export class Reminders {
  /** @param {import("../app.js").Page} page */
  constructor(page) {
    this.render = open(page);
  }
}

/** @param {import("../app.js").Page} page */
function open(page) {
  const { reminders, session, signal, update, say } = page;
  const list = (when) =>
    new Pages(page, (next) => reminders.get("/reminders", { query: { when, next, limit: "20" }, signal }), "reminders");
  const upcoming = list("upcoming");
  const past = list("past");

  const form = {
    when: "in",
    repeats: false,
    ends: "never",
    email: "",
    phone: "",
    isElsewhere: false,
    problems: {},
    twice: null,
    leap: null,
    failure: null,
    news: null,
    isBusy: false,
  };
  let sent = { text: "", key: "", at: 0 };
  let asked = null;
  let refusal = null;
  let isCancelling = false;
  let now = Date.now();

  const ticking = setInterval(() => {
    if (upcoming.value?.length && !document.hidden) {
      now = Date.now();
      update();
    }
  }, 1000);
  signal.addEventListener("abort", () => clearInterval(ticking));

  // What is due moves from one list to the other, and nobody should have to ask for it.
  poll(
    async () => {
      const isDue = upcoming.value?.some((one) => isWaiting(one) && Date.parse(one.dueAt) <= Date.now());
      const isBeingSent = past.value?.some(isWaiting);
      if (isDue || isBeingSent) {
        await Promise.all([upcoming.load(), past.load()]);
      }
      return false;
    },
    { signal, first: LISTS_ANEW, longest: LISTS_ANEW },
  );

  async function remind(event) {
    event.preventDefault();
    if (form.isBusy) {
      return;
    }
    const element = event.currentTarget;
    const typed = fieldsOf(element);
    Object.assign(form, { problems: problemsOf(typed), failure: null, news: null });
    if (Object.keys(form.problems).length === 0) {
      form.isBusy = true;
      update();
      await send(element, requestOf(typed, event.submitter?.value ?? "email", ZONE));
      form.isBusy = false;
    }
    update();
    event.submitter?.focus();
    focusWrong(element);
  }

  /** The same form, sent again within minutes, gets the same key, because perhaps only the answer was lost. */
  function keyOf(request) {
    const text = JSON.stringify(request);
    if (text !== sent.text || Date.now() > sent.at + SAME_FOR) {
      sent = { text, key: newKey(), at: Date.now() };
    }
    return sent.key;
  }

  async function send(element, request) {
    try {
      const { body } = await reminders.post("/reminders", request, { key: keyOf(request) });
      sent = { text: "", key: "", at: 0 };
      element.reset();
      Object.assign(form, { when: "in", repeats: false, ends: "never", problems: {}, twice: null, leap: null });
      Object.assign(form, { email: "", phone: "", isElsewhere: false });
      form.news = `You will be reminded by ${CHANNELS[request.preference]}: ${timeText(body.dueAt)}.`;
      say(form.news);
      now = Date.now();
      upcoming.load();
    } catch (caught) {
      const found = caught instanceof Refused ? problemsIn(caught) : { problems: {}, twice: null, leap: null };
      const { email, phone } = found.problems;
      Object.assign(form, found, {
        failure: haveTheirPlaces(found.problems, fieldsShown(form)) ? null : caught,
        isElsewhere: form.isElsewhere || Boolean(email || phone),
      });
    }
  }

  async function cancel({ reminderId }) {
    [isCancelling, refusal] = [true, null];
    update();
    try {
      await reminders.delete(`/reminders/${encodeURIComponent(reminderId)}`);
      say("The reminder is cancelled.");
    } catch (caught) {
      refusal = caught;
    }
    [isCancelling, asked] = [false, null];
    await Promise.all([upcoming.load(), past.load()]);
    update();
    focusOn("upcoming");
  }

  const ask = (id) => {
    asked = id;
    update();
  };
  const set = (changes) => {
    Object.assign(form, changes);
    update();
  };

  function body() {
    const waiting = upcoming.value?.filter(isWaiting);
    // Asked for a moment apart, the two lists may both have one.
    const before = new Set(past.value?.map((one) => one.reminderId));
    const justOver = upcoming.value?.filter((one) => !isWaiting(one) && !before.has(one.reminderId));
    const over = [...(justOver ?? []), ...(past.value ?? [])];
    return html`
      <form class="card" novalidate @submit=${remind}>
        ${textArea({
          form: "remind",
          name: "message",
          label: "Remind me of",
          maxlength: 1400,
          problem: form.problems.message,
        })}
        ${choice({
          form: "remind",
          name: "when",
          label: "When",
          options: [
            ["in", "In some time"],
            ["at", "At a date and time"],
          ],
          value: "in",
          change: (when) => set({ when, twice: null, leap: null, problems: {} }),
        })}
        ${form.when === "in" ? waitFields(form) : timeFields(form, set)} ${repeatFields(form, set)}
        ${channels(form, session.person)} ${elsewhere(form, set)} ${failureNotice(form.failure)}
        ${form.news ? notice("good", html`<p>${form.news}</p>`) : nothing}
      </form>
      <section aria-labelledby="upcoming">
        <h2 id="upcoming" tabindex="-1">Upcoming</h2>
        ${failureNotice(refusal)}
        ${shown(upcoming, () =>
          waiting.length
            ? html`<ul class="rows">
                ${repeat(
                  waiting,
                  ({ reminderId }) => reminderId,
                  (one) => row(one, cancelButton(one)),
                )}
              </ul>`
            : empty("Nothing is waiting", "What you set above is counted down here."),
        )}
        ${more(upcoming, "upcoming reminders")}
      </section>
      <section aria-labelledby="past">
        <h2 id="past">Past</h2>
        ${shown(past, () =>
          over.length
            ? html`<ul class="rows">
                ${repeat(
                  over,
                  ({ reminderId }) => reminderId,
                  (one) => row(one, nothing),
                )}
              </ul>`
            : empty("Nothing yet", "What was sent or cancelled is kept here for a while."),
        )}
        ${more(past, "past reminders")}
      </section>
    `;
  }

  const cancelButton = (one) =>
    confirmButton({
      id: `cancel-${one.reminderId}`,
      label: "Cancel",
      about: one.message,
      question: one.repeat ? "Cancel it, and all that would follow?" : "Cancel this reminder?",
      yes: "Yes, cancel it",
      asked,
      ask,
      act: () => cancel(one),
      isBusy: isCancelling,
    });

  const row = (one, action) => html`
    <li class="card row">
      <div class="grow">
        <p class="title message" dir="auto">${one.message}</p>
        <p class="quiet">
          <time datetime=${one.dueAt}>${timeText(one.dueAt)}</time> · by
          ${CHANNELS[one.preference]}${one.repeat ? html` · ${repeatText(one.repeat)}` : nothing}
        </p>
        ${one.reason ? html`<p class="reason">${one.reason}</p>` : nothing}
      </div>
      <div class="end">
        ${
          one.status === "SCHEDULED" && Date.parse(one.dueAt) > now
            ? html`<p class="countdown" role="timer">
                <span class="unseen">in </span>${countdown(Date.parse(one.dueAt), now)}
              </p>`
            : chip(one.status === "SCHEDULED" ? STATUSES.SENDING : STATUSES[one.status])
        }
        ${action}
      </div>
    </li>
  `;

  return body;
}

function waitFields({ problems }) {
  return html`
    <div class="pair">
      ${numberField({ name: "count", label: "In", value: "20", maxlength: 8, problem: problems.count })}
      ${selectField({ name: "unit", label: "Unit", options: UNITS, value: "seconds" })}
    </div>
  `;
}

function timeFields({ problems, twice, leap }, set) {
  const useLeap = (event) => {
    event.currentTarget.closest("form").elements.timestamp.value = leap;
    set({ leap: null, problems: {} });
    focusOn("remind-timestamp");
  };
  return html`
    ${textField({
      form: "remind",
      name: "timestamp",
      label: "Date and time",
      type: "datetime-local",
      min: wallText(new Date()),
      hint: ZONE ? `By the clocks in ${ZONE}.` : "By the clock of this browser.",
      problem: problems.timestamp,
    })}
    ${
      leap
        ? html`<p><button type="button" class="small" @click=${useLeap}>Take ${leap.slice(-5)} instead</button></p>`
        : nothing
    }
    ${
      twice
        ? choice({
            form: "remind",
            name: "fold",
            label: "Which of the two?",
            options: twice.map((offset, i) => [String(i), `The ${i ? "second" : "first"}, at UTC${offset}`]),
            value: "0",
          })
        : nothing
    }
  `;
}

function repeatFields({ repeats, ends, problems }, set) {
  const toggle = (event) => set({ repeats: event.currentTarget.checked });
  const controls = () => html`
    <div class="pair">
      ${numberField({ name: "every", label: "Every", value: "1", maxlength: 6, problem: problems.every })}
      ${selectField({ name: "step", label: "Step", options: OFTEN, value: "d" })}
    </div>
    ${choice({
      form: "remind",
      name: "ends",
      label: "Ends",
      options: [
        ["never", "Never"],
        ["times", "After some times"],
        ["until", "At a date"],
      ],
      value: "never",
      change: (chosen) => set({ ends: chosen }),
    })}
    ${
      ends === "times"
        ? textField({
            form: "remind",
            name: "times",
            label: "Times",
            value: "3",
            inputmode: "numeric",
            maxlength: 4,
            problem: problems.times,
          })
        : nothing
    }
    ${
      ends === "until"
        ? textField({
            form: "remind",
            name: "until",
            label: "Ends at",
            type: "datetime-local",
            problem: problems.until,
          })
        : nothing
    }
  `;
  return html`
    <label class="switch">
      <input type="checkbox" name="repeats" role="switch" @change=${toggle} />
      <span>Repeat it</span>
    </label>
    ${repeats ? html`<div class="inset">${controls()}</div>` : nothing}
  `;
}

/** The three buttons of the original page. Without a confirmed number there is nowhere to text to. */
function channels({ isBusy, problems, email, phone }, { verifiedEmail, verifiedPhone }) {
  const [noEmail, noPhone] = [!(verifiedEmail || email.trim()), !(verifiedPhone || phone.trim())];
  const problem = problems.preference;
  return html`
    <div class="channels" role="group" aria-label="How" aria-describedby=${problem ? "remind-how-problem" : nothing}>
      <button class="primary" name="preference" value="email" ?disabled=${isBusy || noEmail}>By e-mail</button>
      <button class="primary" name="preference" value="sms" ?disabled=${isBusy || noPhone}>By SMS</button>
      <button class="primary" name="preference" value="both" ?disabled=${isBusy || noEmail || noPhone}>Both</button>
    </div>
    ${problem ? html`<p class="problem" id="remind-how-problem" role="alert">${problem}</p>` : nothing}
    <p class="hint">
      ${
        verifiedEmail
          ? html`E-mail goes to <strong>${verifiedEmail}</strong>. `
          : html`<a href="#/account">Confirm your e-mail address</a> to be reminded by mail. `
      }
      ${
        verifiedPhone
          ? html`Texts go to <strong class="number">${verifiedPhone}</strong>.`
          : html`<a href="#/account">Add your phone number</a> to be reminded by SMS.`
      }
    </p>
  `;
}

/** Whoever this person may write to besides: the API knows whom the stage lists. */
function elsewhere({ isElsewhere, problems }, set) {
  const toggle = ({ currentTarget }) => set({ isElsewhere: currentTarget.open });
  const typed = ({ target }) => set({ [target.name]: target.value });
  const one = (name, label, more) =>
    textField({ form: "remind", name, label, required: false, problem: problems[name], ...more });
  return html`
    <details ?open=${isElsewhere} @toggle=${toggle} @input=${typed}>
      <summary>Send to another address</summary>
      <div class="inset">
        <p class="hint">One that this installation lists. What is left empty goes to your own.</p>
        <div class="pair">
          ${one("email", "E-mail", { type: "email", inputmode: "email", maxlength: 254 })}
          ${one("phone", "Phone", { type: "tel", inputmode: "tel", maxlength: 30, hint: "Such as +15555550100." })}
        </div>
      </div>
    </details>
  `;
}

const numberField = (rest) => textField({ form: "remind", inputmode: "numeric", ...rest });

function selectField({ name, label, options, value }) {
  const control = ({ id }) => html`
    <select id=${id} name=${name}>
      ${options.map(([key, words]) => html`<option value=${key} ?selected=${key === value}>${words}</option>`)}
    </select>
  `;
  return field({ form: "remind", name, label, control });
}
