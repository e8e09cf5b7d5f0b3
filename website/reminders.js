/** Rules and words of reminders. Pure. */

import { timeText } from "./times.js";

/** @import { Refused } from "./http.js" */
/** @import { Mark, Problems } from "./types/page.js" */

/** @typedef {import("./types/reminders.js").ReminderState} Reminder */

/** @typedef {import("./types/reminders.js").Channel} Channel */

/** @typedef {import("./types/reminders.js").DetailValues} DetailValues */

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

/** @type {Record<Channel, string>} */
export const CHANNELS = { email: "e-mail", sms: "SMS", topic: "the topic" };

/**
 * The form's field for the address of each channel.
 *
 * @type {Record<Channel, string | null>}
 */
const ADDRESSES = { email: "email", sms: "phone", topic: null };

/**
 * `e-mail and SMS`
 *
 * @param {Channel[]} channels
 */
export const channelsText = (channels) => {
  const words = channels.map((channel) => CHANNELS[channel]);
  return [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");
};

/** @param {Reminder} reminder */
export const isWaiting = ({ status }) => status === "SCHEDULED" || status === "SENDING";

/**
 * Returns the names of the fields that the form shows.
 *
 * @param {Chosen} chosen
 */
export const fieldsShown = ({ when, repeats, ends }) => [
  "message",
  when === "in" ? "count" : "timestamp",
  ...(repeats ? ["every"] : []),
  ...(repeats && ends !== "never" ? [ends] : []),
  "email",
  "phone",
  "channels",
];

/**
 * Returns the API's request for the form's fields. Without an address, a reminder goes to the person's own address.
 *
 * @param {Record<string, string>} form
 * @param {Channel[]} channels
 * @param {string | null} zone the browser's time zone; without its name, the browser converts local times itself
 */
export function requestOf(form, channels, zone) {
  return {
    message: form.message,
    channels,
    ...(zone ? { timeZone: zone } : {}),
    ...addressesOf(form, channels),
    ...dueOf(form, zone),
    ...repeatOf(form),
  };
}

/** A key by which the API recognises a repeated request for a new reminder. */
export function newKey() {
  // Not crypto.randomUUID: Safari has it only on secure pages, and treats the laptop cloud's page as insecure.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Returns the addresses that the chosen channels use. People type phone numbers in groups.
 *
 * @param {Record<string, string>} form
 * @param {Channel[]} channels
 */
function addressesOf(form, channels) {
  const typed = { email: form.email.trim(), phone: form.phone.replace(/[\s().-]/g, "") };
  return Object.fromEntries(
    Object.entries(typed).filter(([name, text]) => text && channels.some((channel) => ADDRESSES[channel] === name)),
  );
}

/**
 * @param {Record<string, string>} form
 * @param {string | null} zone
 */
function dueOf({ when, count, unit, timestamp, fold }, zone) {
  if (when === "in") {
    return { waitSeconds: Number(count) * WAITS[unit] };
  }
  if (!zone) {
    return { timestamp: instantText(timestamp) };
  }
  return { timestamp, ...(fold ? { fold: Number(fold) } : {}) };
}

/** @param {Record<string, string>} form */
function repeatOf({ repeats, every, step, ends, until, times }) {
  if (!repeats) {
    return {};
  }
  // Sent in UTC: the browser chooses between two times that look the same, so the form need not ask.
  /** @type {Record<string, {until?: string, times?: number}>} */
  const end = {
    never: {},
    until: { until: ends === "until" ? instantText(until) : "" },
    times: { times: Number(times) },
  };
  return { repeat: { every: `${Number(every)}${step}`, ...end[ends] } };
}

/** @param {string} wall */
const instantText = (wall) => `${new Date(wall).toISOString().slice(0, 19)}Z`;

const WHOLE = /^[0-9]{1,8}$/;

/**
 * Returns the fields that are missing or not a number. The API checks everything else.
 *
 * @param {Record<string, string>} form
 */
export function problemsOf(form) {
  /** @type {Problems} */
  const problems = {};
  if (!form.message.trim()) {
    problems.message = "Enter what you want to be reminded of.";
  }
  if (form.when === "in" && !WHOLE.test(form.count)) {
    problems.count = "Enter a whole number, such as 20.";
  }
  if (form.when === "at" && !form.timestamp) {
    problems.timestamp = "Choose a date and a time.";
  }
  if (form.repeats && !(WHOLE.test(form.every) && Number(form.every) > 0)) {
    problems.every = "Enter a whole number, such as 1.";
  }
  if (form.repeats && form.ends === "until" && !form.until) {
    problems.until = "Choose when the reminder ends.";
  }
  if (form.repeats && form.ends === "times" && !(WHOLE.test(form.times) && Number(form.times) > 0)) {
    problems.times = "Enter a whole number, such as 3.";
  }
  return problems;
}

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
 * `every 2 days, 3 times`
 *
 * @param {import("./types/reminders.js").Repeat} repeat
 */
export function repeatText({ every, until, times }) {
  const count = Number(every.slice(0, -1));
  const [one, several] = STEPS[every.slice(-1)];
  const often = count === 1 ? `every ${one}` : `every ${count} ${several}`;
  const end = times ? `, ${times} ${times === 1 ? "time" : "times"}` : until ? `, until ${timeText(until)}` : "";
  return often + end;
}
