/** Turns the forms of reminders into requests of the API. Pure, but for the clock and random keys. */

import { WAITS, ruleShown } from "./reminders.js";
import { tomorrowAt, wallText } from "./times.js";

/** @import { Channel, Reminder } from "./reminders.js" */
/** @import { Problems } from "./types/page.js" */

/** When "tomorrow" begins for a reminder. */
export const MORNING = "09:00";

/**
 * How a person can be reminded: the API's channels, with a blank between them, and the words.
 *
 * @type {[string, string][]}
 */
export const WAYS = [
  ["email", "By e-mail"],
  ["sms", "By SMS"],
  ["email sms", "Both"],
];

/**
 * Returns the channels of a way.
 *
 * @param {string} way
 */
export const channelsOf = (way) => /** @type {Channel[]} */ (way.split(" "));

/**
 * The form's field for the address of each channel.
 *
 * @type {Record<Channel, string | null>}
 */
const ADDRESSES = { email: "email", sms: "phone", topic: null };

/**
 * Returns the API's request for the form's fields. Without an address, a reminder goes to the person's own address.
 *
 * @param {Record<string, string>} form
 * @param {string | null} zone the browser's time zone; without its name, the browser converts local times itself
 */
export function requestOf(form, zone) {
  const channels = channelsOf(form.channels);
  return {
    message: form.message,
    channels,
    ...(zone ? { timeZone: zone } : {}),
    ...addressesOf(form, channels),
    ...(form.subject.trim() ? { subject: form.subject } : {}),
    ...dueOf(form, zone),
    ...repeatOf(form),
  };
}

/**
 * Returns the API's change of a reminder: the fields whose values in the form differ from the reminder's. See
 * decision D191.
 *
 * @param {Record<string, string>} form
 * @param {Reminder} reminder
 * @param {string | null} zone
 */
export function changeOf(form, reminder, zone) {
  const isMoved = form.timestamp !== wallText(new Date(reminder.dueAt));
  return {
    ...(form.message === reminder.message ? {} : { message: form.message }),
    ...(isMoved ? timeOf(form, zone) : {}),
    ...(form.channels && form.channels !== reminder.channels.join(" ") ? { channels: channelsOf(form.channels) } : {}),
    ...addressesOf(form, form.channels ? channelsOf(form.channels) : reminder.channels),
    ...subjectChange(form, reminder),
    ...repeatChange(form, reminder),
  };
}

/**
 * @param {Record<string, string>} form
 * @param {Reminder} reminder
 */
function subjectChange(form, { subject = "" }) {
  return form.subject.trim() === subject ? {} : { subject: form.subject.trim() ? form.subject : null };
}

/**
 * @param {Record<string, string>} form
 * @param {Reminder} reminder
 */
function repeatChange(form, reminder) {
  const rule = reminder.repeat;
  if (!form.repeats) {
    return rule ? { repeat: null } : {};
  }
  /** @type {Record<string, string>} */
  const shown = ruleShown(rule);
  // The form has only the fields of the end that is chosen.
  const names = ["every", "step", "ends", "times", "until"].filter((name) => name in form);
  return rule && names.every((name) => form[name] === shown[name]) ? {} : repeatOf(form);
}

/**
 * Returns the API's change that moves a reminder to tomorrow morning.
 *
 * @param {string | null} zone
 */
export const tomorrowMorning = (zone) => timeOf({ timestamp: tomorrowAt(MORNING) }, zone);

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
  return when === "tomorrow" ? tomorrowMorning(zone) : timeOf({ timestamp, fold }, zone);
}

/**
 * @param {Record<string, string>} time
 * @param {string | null} zone
 */
function timeOf({ timestamp, fold }, zone) {
  if (!zone) {
    return { timestamp: instantText(timestamp) };
  }
  return { timestamp, timeZone: zone, ...(fold ? { fold: Number(fold) } : {}) };
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
  if (form.when && !form.channels) {
    problems.channels = "Choose a way to be reminded.";
  }
  return problems;
}
