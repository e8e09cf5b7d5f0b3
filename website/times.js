/** Formats times for people and for form controls. */

import { now as present } from "./clock.js";

/**
 * The IANA name of the browser's time zone. Null if the browser only knows an offset, such as `+05:30`, or no zone.
 */
export const ZONE = nameOf(Intl.DateTimeFormat().resolvedOptions().timeZone);

/** @param {string | undefined} zone */
function nameOf(zone) {
  return zone && /^[A-Z][A-Za-z]/.test(zone) && zone !== "Etc/Unknown" ? zone : null;
}

/** @type {[string, number][]} */
const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/**
 * Returns the time left until `instant`: `2 h 05 min 13 s`. Both times are in milliseconds.
 *
 * @param {number} instant
 * @param {number} now
 */
export function countdown(instant, now) {
  let rest = Math.max(0, Math.ceil((instant - now) / 1000));
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return { unit, count };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  const kept = parts.slice(first === -1 ? -1 : first).slice(0, 3);
  return kept
    .map(({ unit, count }, i) => `${i && unit !== "h" ? String(count).padStart(2, "0") : count} ${unit}`)
    .join(" ");
}

/**
 * Returns a time in the browser's own format: `Sat, 21 Nov 2026, 10:25`.
 *
 * @param {string} text
 */
export function timeText(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    return text;
  }
  return new Intl.DateTimeFormat(undefined, {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: date.getSeconds() ? "2-digit" : undefined,
  }).format(date);
}

/**
 * Returns the local time in the format of an `<input type="datetime-local">`.
 *
 * @param {Date} date
 */
export function wallText(date) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/**
 * Returns each time at which the browser's clocks show a local time: none if they are put forward past it, and two if
 * they are put back over it. In milliseconds, earliest first.
 *
 * @param {string} wall as from `wallText`
 */
export function instantsOf(wall) {
  const near = new Date(wall).getTime();
  // Clocks change by half an hour or more, and by less than a day.
  const steps = Array.from({ length: 97 }, (_, i) => near + (i - 48) * 1_800_000);
  return steps.filter((at) => wallText(new Date(at)) === wall.split(":", 2).join(":"));
}

/**
 * Returns a local time of tomorrow, in the same format.
 *
 * @param {string} clock `09:00`
 */
export function tomorrowAt(clock) {
  const date = new Date(present());
  date.setDate(date.getDate() + 1);
  return `${wallText(date).slice(0, 10)}T${clock}`;
}
