/** Sends requests. Each error's `message` is a text for the person. */

/** @import { Answer, Detail } from "./types/page.js" */

const SECONDS = 20;
const REFUSED = "The service refused the request. Reload the page and try again.";

/**
 * Sends a request and reads the whole answer.
 *
 * @param {string} url
 * @param {{method?: string, headers?: Record<string, string>, body?: unknown, signal?: AbortSignal}} [request]
 * @returns {Promise<Answer>}
 * @throws {Offline | ServerDown} if there is no answer; the reason of `signal` if it was aborted
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

export class Offline extends Error {
  constructor() {
    super("You are offline. Try again when you are back online.");
  }
}

/** No answer, an answer with a status from 500 on, or a temporary refusal by Cognito. */
export class ServerDown extends Error {
  /** @param {string} [requestId] of the answer, if there was one */
  constructor(requestId) {
    super("The service is not answering. Try again in a minute.");
    this.requestId = requestId;
  }
}

/** The session has ended: its token was refused and could not be renewed. */
export class SignedOut extends Error {
  constructor() {
    super("Your session has ended. Sign in again to continue.");
  }
}

/** The user pool requires a sign-in step that this page does not support. */
export class UnknownChallenge extends Error {
  /** @param {string} name Cognito's name of the step */
  constructor(name) {
    super(
      `Your account requires a sign-in step that this page does not support: ${name}. Ask an administrator for help.`,
    );
  }
}

/** The request was accepted and changed nothing. */
export class Unchanged extends Error {
  /**
   * @param {string} message
   * @param {any} [found] what the request would have changed, as it is now
   */
  constructor(message, found) {
    super(message);
    this.found = found;
  }
}

/** A refused request. It has the fields of an API's error. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, message?: string, details?: Detail[], requestId?: string}} [error]
   */
  constructor(status, { code = "Refused", message = REFUSED, details = [], requestId } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.requestId = requestId;
  }
}
