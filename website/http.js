import { Offline, ServerDown } from "./failures.js";

/** @import { Answer } from "./types/page.js" */

const SECONDS = 20;

/**
 * Sends a request and reads its answer whole.
 *
 * @param {string} url
 * @param {{method?: string, headers?: Record<string, string>, body?: unknown, signal?: AbortSignal}} [request]
 * @returns {Promise<Answer>}
 * @throws {Offline | ServerDown} where there is no answer; what `signal` was aborted with, where it was
 */
export async function send(url, { method = "GET", headers = {}, body, signal } = {}) {
  const signals = [AbortSignal.timeout(SECONDS * 1000), ...(signal ? [signal] : [])];
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.any(signals),
      cache: "no-store",
      credentials: "omit",
    });
    return { status: response.status, headers: response.headers, body: parsed(await response.text()) };
  } catch {
    signal?.throwIfAborted();
    throw navigator.onLine ? new ServerDown() : new Offline();
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
