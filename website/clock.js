/** The time that countdowns, forms and the session use: the browser's, or on the laptop cloud the cloud's. */

import { send } from "./http.js";

/** How long the page waits for the clock before it goes on, in milliseconds. */
const PATIENCE = 2000;

/** How far the cloud's clock is ahead of the browser's, in milliseconds. */
let ahead = 0;

/** Returns the time in milliseconds, like `Date.now`. */
export const now = () => Date.now() + ahead;

/**
 * What the laptop cloud's clock shows. Times are in seconds since 1970.
 *
 * @typedef {object} CloudClock
 * @property {number} now
 * @property {number} ahead how far it is ahead of the real time
 * @property {number} rate how many times as fast as the real time it runs
 * @property {number | null} target where it is being turned to
 * @property {string | null} error why the last turning ended early
 * @property {{at: number, what: string} | null} next what is due next
 */

/**
 * Gives `now` the time of the laptop cloud. On AWS, and without an answer, it keeps its time.
 *
 * @param {string | null} engine where the engine answers about itself; null on AWS
 */
export async function follow(engine) {
  if (engine) {
    const late = new Promise((done) => setTimeout(done, PATIENCE));
    await Promise.race([ask(engine).catch(() => {}), late]);
  }
}

/**
 * Shows the clock of the laptop cloud, or turns it. From then on `now` has its time.
 *
 * @param {string} engine
 * @param {Record<string, string>} [turn] `by` or `to` in seconds, `rate`, `real` or `stop`
 * @param {AbortSignal} [signal]
 * @returns {Promise<{clock: CloudClock | null, refused: string | null}>} no clock: the engine has none
 */
export async function ask(engine, turn, signal) {
  const query = turn ? `?${new URLSearchParams(turn)}` : "";
  const { status, body } = await send(`${engine}/clock${query}`, { method: turn ? "POST" : "GET", signal });
  if (typeof body?.now !== "number") {
    return { clock: null, refused: null };
  }
  // The answer took a moment.
  ahead = Math.abs(body.ahead) < 1 ? 0 : Math.round(body.now * 1000 - Date.now());
  return { clock: body, refused: status === 200 ? null : body.error };
}
