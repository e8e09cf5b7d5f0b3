import { Refused, ServerDown, SignedOut, send } from "./http.js";

/** @import { Session } from "./session.js" */
/** @import { Answer } from "./types/page.js" */

const LONGEST_PAUSE = 5;

/** A REST API, called with the person's ID token. */
export class Api {
  /**
   * @param {string} address without a slash at its end
   * @param {Session} session
   */
  constructor(address, session) {
    this.address = address;
    this.session = session;
  }

  /**
   * @param {string} path
   * @param {{query?: Record<string, string | null | undefined>, signal?: AbortSignal}} [options]
   */
  get(path, { query = {}, signal } = {}) {
    const given = Object.entries(query).flatMap(([name, value]) => (value ? [[name, value]] : []));
    return this.#call("GET", given.length ? `${path}?${new URLSearchParams(given)}` : path, { signal });
  }

  /**
   * With a `key`, a request is sent once more after no answer, 503, or 429 if that ends soon. The API recognises the
   * key and gives the same answer.
   *
   * @param {string} path
   * @param {unknown} [body]
   * @param {{key?: string}} [options]
   */
  post(path, body, { key } = {}) {
    return this.#call("POST", path, { body, key });
  }

  /**
   * @param {string} path
   * @param {unknown} body
   */
  put(path, body) {
    return this.#call("PUT", path, { body });
  }

  /**
   * @param {string} path
   * @param {unknown} body
   * @param {{key?: string}} options as for `post`
   */
  patch(path, body, { key }) {
    return this.#call("PATCH", path, { body, key });
  }

  /** @param {string} path */
  delete(path) {
    return this.#call("DELETE", path);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{body?: unknown, key?: string, signal?: AbortSignal}} [request]
   */
  async #call(method, path, { body, key, signal } = {}) {
    const attempt = () => {
      const headers = {
        Authorization: token,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(key ? { "Idempotency-Key": key } : {}),
      };
      return send(this.address + path, { method, headers, body, signal });
    };
    let token = await this.session.token();
    let answer = await (key ? insistently(attempt) : attempt());
    if (answer.status === 401) {
      token = await this.session.token({ instead: token });
      answer = await attempt();
    }
    const after = answer.headers.get("Retry-After");
    // A person who has reached a limit of their own would have to wait for much longer.
    const isSoon = answer.status === 503 || (answer.status === 429 && !(Number(after) > LONGEST_PAUSE));
    if ((method === "GET" || key) && isSoon) {
      await pause(after);
      answer = await attempt();
    }
    if (answer.status === 401) {
      this.session.end();
      throw new SignedOut();
    }
    if (answer.status >= 500) {
      throw new ServerDown(answer.body?.error?.requestId);
    }
    if (answer.status >= 400) {
      throw new Refused(answer.status, answer.body?.error);
    }
    return answer;
  }
}

/**
 * Tries once more if there was no answer.
 *
 * @param {() => Promise<Answer>} attempt
 */
async function insistently(attempt) {
  try {
    return await attempt();
  } catch (caught) {
    if (!(caught instanceof ServerDown)) {
      throw caught;
    }
    await pause();
    return attempt();
  }
}

/** @param {string | null} retryAfter seconds */
function pause(retryAfter = "1") {
  const seconds = Math.min(Number(retryAfter) || 1, LONGEST_PAUSE);
  return new Promise((done) => setTimeout(done, seconds * 1000));
}
