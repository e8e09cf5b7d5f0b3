import { Refused, ServerDown, SignedOut } from "./failures.js";
import { send } from "./http.js";

const LONGEST_PAUSE = 5;

/** One of the REST APIs, called with the person's ID token. */
export class Api {
  /**
   * @param {string} address without a slash at its end
   * @param {import("./session.js").Session} session
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
    const given = Object.entries(query).filter(([, value]) => value);
    return this.#call("GET", given.length ? `${path}?${new URLSearchParams(given)}` : path, undefined, signal);
  }

  post(path, body) {
    return this.#call("POST", path, body);
  }

  put(path, body) {
    return this.#call("PUT", path, body);
  }

  delete(path) {
    return this.#call("DELETE", path);
  }

  async #call(method, path, body, signal) {
    let token = await this.session.token();
    let answer = await this.#send(method, path, body, token, signal);
    if (answer.status === 401) {
      token = await this.session.token({ instead: token });
      answer = await this.#send(method, path, body, token, signal);
    }
    if (method === "GET" && (answer.status === 429 || answer.status === 503)) {
      await pause(answer.headers.get("Retry-After"));
      answer = await this.#send(method, path, body, token, signal);
    }
    if (answer.status === 401) {
      this.session.end();
      throw new SignedOut();
    }
    if (answer.status >= 500) {
      throw new ServerDown();
    }
    if (answer.status >= 400) {
      throw new Refused(answer.status, answer.body?.error);
    }
    return answer;
  }

  #send(method, path, body, token, signal) {
    const headers = { Authorization: token, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
    return send(this.address + path, { method, headers, body, signal });
  }
}

function pause(retryAfter) {
  const seconds = Math.min(Number(retryAfter) || 1, LONGEST_PAUSE);
  return new Promise((done) => setTimeout(done, seconds * 1000));
}
