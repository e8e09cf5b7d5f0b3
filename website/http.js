/** Requests, and what they can come to: an answer, or an error that says in `message` what a person is shown. */

/** @import { Answer, Detail } from "./types/page.js" */

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

/** There is no network. */
export class Offline extends Error {
  constructor() {
    super("You are offline. This goes on when the connection is back.");
  }
}

/** No answer, or one that says that the server cannot do it now. */
export class ServerDown extends Error {
  constructor() {
    super("The service does not answer at the moment. Nothing you typed is lost; try again in a little while.");
  }
}

/** The session is over: its token was refused and could not be renewed. */
export class SignedOut extends Error {
  constructor() {
    super("Your session has ended. Sign in again to go on.");
  }
}

/** The user pool asks for something besides the password that this page cannot give. */
export class UnknownChallenge extends Error {
  /** @param {string} name Cognito's for it */
  constructor(name) {
    super(`This account needs a kind of sign-in that this page does not know: ${name}.`);
  }
}

/** The request was taken and has changed nothing. */
export class Unchanged extends Error {}

/** An answer that refuses the request, in the shape of the APIs' errors. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, message?: string, details?: Detail[]}} [error]
   */
  constructor(status, { code = "Refused", message = "The request was refused.", details = [] } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}
