import { send } from "../../http.js";
import { html } from "../../vendor/lit-html.js";

/** @typedef {{role: string, email: string, password: string}} DemoUser */

/** Buttons that sign in as the demo users of the laptop cloud. No other stage has them. See decision D188. */
export class DemoUsers {
  #users;
  #signIn;

  // Lifecycle

  /**
   * @param {DemoUser[]} users
   * @param {(user: DemoUser) => void} signIn
   */
  constructor(users, signIn) {
    this.#users = users;
    this.#signIn = signIn;
  }

  /**
   * Returns null if the users cannot be loaded. The form works without them.
   *
   * @param {string} address
   * @param {(user: DemoUser) => void} signIn
   */
  static async load(address, signIn) {
    try {
      const { status, body } = await send(address);
      return status === 200 && body ? new DemoUsers(body, signIn) : null;
    } catch {
      return null;
    }
  }

  // Rendering

  /** @param {boolean} isBusy */
  render(isBusy) {
    return html`
      <div class="demo" role="group" aria-label="Demo users">
        ${this.#users.map(
          (user) => html`
            <button type="button" ?disabled=${isBusy} @click=${() => this.#signIn(user)}>
              Sign in as ${nameOf(user)}
            </button>
          `,
        )}
        <p class="hint">
          These users are on the laptop cloud only. ${this.#users.filter(isOperator).map(nameOf)} is an operator.
        </p>
      </div>
    `;
  }
}

/** @param {DemoUser} user */
const nameOf = ({ email }) => email.charAt(0).toUpperCase() + email.slice(1, email.indexOf("@"));

/** @param {DemoUser} user */
const isOperator = ({ role }) => role === "operator";
