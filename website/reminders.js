/** Rules and words of reminders. Pure. */

import { timeText, wallText } from "./times.js";

/** @import { Refused } from "./http.js" */
/** @import { Mark, Problems } from "./types/page.js" */

/** @typedef {import("./types/reminders.js").ReminderState} Reminder */

/** @typedef {import("./types/reminders.js").Channel} Channel */

/** @typedef {import("./types/shared.js").DetailValues} DetailValues */

/** @typedef {import("./types/reminders.js").Repeat} Rule how a reminder repeats */

/** @typedef {{when: string, repeats: boolean, ends: string}} Chosen the choices that decide which fields the form has */

/**
 * A refusal, as the form shows it. `twice` has both offsets if clocks show the time twice. If clocks skip the time,
 * `leap` is the first local time after it.
 *
 * @typedef {{problems: Problems, twice: string[] | null, leap: string | null}} Refusal
 */

/**
 * Seconds by unit.
 *
 * @type {Record<string, number>}
 */
export const WAITS = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 };

/**
 * The API's units of `every`, each with its singular and plural.
 *
 * @type {Record<string, [string, string]>}
 */
export const STEPS = {
  m: ["minute", "minutes"],
  h: ["hour", "hours"],
  d: ["day", "days"],
  w: ["week", "weeks"],
  M: ["month", "months"],
  y: ["year", "years"],
};

/** @type {Record<Reminder["status"], Mark>} */
export const STATUSES = {
  SCHEDULED: { word: "Waiting", tone: "busy" },
  SENDING: { word: "Being sent", tone: "busy" },
  SENT: { word: "Sent", tone: "good" },
  PARTLY_SENT: { word: "Partly sent", tone: "care" },
  CANCELLED: { word: "Cancelled", tone: "quiet" },
  FAILED: { word: "Failed", tone: "bad" },
};

/**
 * What became of a reminder before a change of it arrived.
 *
 * @type {Record<Reminder["status"], string>}
 */
export const MEANWHILE = {
  SCHEDULED: "This reminder was changed in the meantime. Look at it, then try again.",
  SENDING: "Too late: this reminder is being sent.",
  SENT: "Too late: this reminder was sent in the meantime.",
  PARTLY_SENT: "Too late: this reminder was sent in the meantime, but not by all channels.",
  CANCELLED: "This reminder was cancelled in the meantime.",
  FAILED: "This reminder could not be sent in the meantime.",
};

/** @type {Record<Channel, string>} */
export const CHANNELS = { email: "e-mail", sms: "SMS", topic: "the topic" };

/**
 * `e-mail and SMS`
 *
 * @param {Channel[]} channels
 */
export const channelsText = (channels) => {
  const words = channels.map((channel) => CHANNELS[channel]);
  return [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");
};

/** @param {Pick<Reminder, "status">} reminder */
export const isWaiting = ({ status }) => status === "SCHEDULED" || status === "SENDING";

/**
 * Returns the names of the fields that the form shows.
 *
 * @param {Chosen} chosen
 */
export const fieldsShown = ({ when, repeats, ends }) => [
  "message",
  ...(when === "in" ? ["count"] : when === "at" ? ["timestamp"] : []),
  ...(repeats ? ["every"] : []),
  ...(repeats && ends !== "never" ? [ends] : []),
  "subject",
  "email",
  "phone",
  "channels",
];

/**
 * The form's control for each field of the API.
 *
 * @type {Record<string, string>}
 */
const CONTROLS = {
  waitSeconds: "count",
  fold: "timestamp",
  timeZone: "timestamp",
  "repeat.every": "every",
  "repeat.until": "until",
  "repeat.times": "times",
};

/**
 * @param {number} count
 * @param {string} unit
 */
const steps = (count, unit) => `${count} ${STEPS[unit][count === 1 ? 0 : 1]}`;

/**
 * The page's own words for the API's problems, by field and code. Other problems are shown in the API's words.
 *
 * @type {Record<string, (values: Required<DetailValues>) => string>}
 */
const WORDS = {
  "timestamp HappensTwice": ({ zone }) =>
    `Clocks in ${zone} go back then and show this time twice. Choose which one you mean.`,
  "timestamp SkippedByClocks": ({ zone, before, after }) =>
    `This time does not exist: clocks in ${zone} skip from ${clockOf(before)} to ${clockOf(after)}.`,
  "waitSeconds NotWholeNumber": ({ largest }) => `Choose a time within ${largest / WAITS.days} days.`,
  "repeat.every IntervalTooShort": ({ count, unit }) => `Enter at least ${steps(count, unit)}.`,
  "repeat.every IntervalTooLong": ({ count, unit }) => `Enter at most ${steps(count, unit)}, which is a year.`,
};

/** @param {string} wall `2027-03-28 02:00` */
const clockOf = (wall) => wall.slice(-5);

/**
 * Returns the details of a refusal by control, as sentences.
 *
 * @param {Refused} refusal
 * @returns {Refusal}
 */
export function problemsIn({ details }) {
  /** @type {Refusal} */
  const found = { problems: {}, twice: null, leap: null };
  for (const { field, problem, code, ...rest } of details) {
    // A code comes with its values. An API that was deployed before the page may send details without codes.
    const values = /** @type {Required<DetailValues>} */ (rest.values);
    const words = WORDS[`${field} ${code}`];
    found.problems[CONTROLS[field] ?? field] = words ? words(values) : `This ${problem}.`;
    if (field === "timestamp" && code === "HappensTwice") {
      found.twice = values.offsets;
    }
    if (field === "timestamp" && code === "SkippedByClocks") {
      found.leap = values.after.replace(" ", "T");
    }
  }
  return found;
}

/**
 * Returns what the form shows for a rule, or for a new one.
 *
 * @param {Rule | undefined} rule
 */
export function ruleShown(rule) {
  const { every, until, times } = rule ?? { every: "1d" };
  return {
    every: every.slice(0, -1),
    step: every.slice(-1),
    ends: until ? "until" : times ? "times" : "never",
    until: until ? wallText(new Date(until)) : "",
    times: String(times ?? 3),
  };
}

/**
 * `every 2 days, 3 times`
 *
 * @param {Rule} rule
 */
export function repeatText({ every, until, times }) {
  const count = Number(every.slice(0, -1));
  const [one, several] = STEPS[every.slice(-1)];
  const often = count === 1 ? `every ${one}` : `every ${count} ${several}`;
  const end = times ? `, ${times} ${times === 1 ? "time" : "times"}` : until ? `, until ${timeText(until)}` : "";
  return often + end;
}

/**
 * The page's words for the reasons that the API gives. The API's reasons also name the error of AWS, for operators.
 *
 * @type {[RegExp, string][]}
 */
const REASONS = [
  [/^stopped by its recipient$/, "The recipient stopped this reminder."],
  [
    /^stopped, because its recipient marked a mail as spam$/,
    "The recipient marked an e-mail as spam, so it is stopped.",
  ],
  [/^stopped, because its mail came back/, "The address accepts no e-mail, so the reminder is stopped."],
  [/^the e-mail was not sent/, "The e-mail could not be sent."],
  [/^the text was not sent: the owner has reached/, "You have reached the limit of text messages for one day."],
  [/^the text was not sent/, "The text message could not be sent."],
  [/^the message to the topic was not sent/, "The message to the topic could not be sent."],
  [/so the reminder may have arrived$/, "Sending was interrupted, so the reminder may or may not have arrived."],
  [/now it is too late$|^the reminder waited too long/, "The reminder could not be sent in time."],
  [
    /addresses are no longer known$/,
    "The reminder could not be sent: its address is no longer known. Set a new reminder.",
  ],
  [/^the reminder will not repeat any more$|^the next occurrence was not scheduled/, "It does not repeat any more."],
];
const UNKNOWN = "The reminder could not be sent.";

/**
 * Why a reminder was not sent, for the person who set it. A repeated one keeps the reason until its next time.
 *
 * @param {Reminder} reminder
 */
export function reasonText({ reason, status }) {
  const words = (reason ?? "").split("; ").map((one) => REASONS.find(([rule]) => rule.test(one))?.[1] ?? UNKNOWN);
  return `${isWaiting({ status }) ? "Last time: " : ""}${words.join(" ")}`;
}

/**
 * What became of a message after it was sent, by channel and kind.
 *
 * @type {Record<string, Record<string, string>>}
 */
const AFTERWARDS = {
  email: {
    UNDELIVERED: "The e-mail did not arrive.",
    REJECTED: "The mail service refused the e-mail.",
    BOUNCED: "The e-mail came back: the address accepts no mail.",
    COMPLAINED: "The recipient marked the e-mail as spam.",
  },
  sms: { UNDELIVERED: "The text message did not arrive." },
};

/**
 * Returns what became of a reminder's messages after they were sent. An empty text if nothing is known.
 *
 * @param {Reminder} reminder
 */
export function afterwardsText({ feedback }) {
  const words = Object.entries(feedback ?? {}).map(([channel, { kind }]) => AFTERWARDS[channel]?.[kind] ?? "");
  return words.filter(Boolean).join(" ");
}
