import { textField } from "../../ui.js";
import { html } from "../../vendor/lit-html.js";

/** @import { Page } from "../../types/page.js" */
/** @import { Work } from "./work.js" */

const TASK = "password";
const HINT = "At least 12 characters, with upper-case and lower-case letters, a digit and a symbol.";

/** The person's password. */
export class Password {
  #page;
  #work;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   */
  constructor(page, work) {
    this.#page = page;
    this.#work = work;
  }

  // Actions

  /** @param {Record<string, string>} typed */
  #change({ value, password }) {
    const { session } = this.#page;
    this.#work.act(
      async () => {
        // With a new token, a refusal can only be about the password. A repeated call would count as another attempt.
        await session.refresh();
        const passwords = { PreviousPassword: value, ProposedPassword: password };
        await session.ask("ChangePassword", passwords, { isRepeated: false });
        this.#work.task = null;
      },
      {
        field: ({ code }) => (code === "NotAuthorizedException" ? "value" : "password"),
        done: "Password changed.",
      },
    );
  }

  // Rendering

  render() {
    return html`
      <section class="card" aria-labelledby="about-${TASK}">
        <h2 id="about-${TASK}" tabindex="-1">Password</h2>
        ${this.#work.task === TASK ? this.#form() : this.#button()}
      </section>
    `;
  }

  #button() {
    return html`<button type="button" @click=${() => this.#work.begin(TASK)}>Change the password</button>`;
  }

  #form() {
    const { problems } = this.#work;
    return this.#work.form("Save the new password", (typed) => this.#submit(typed), [
      textField({
        ...{ form: "account", name: "value", label: "Current password", type: "password" },
        ...{ autocomplete: "current-password", problem: problems.value },
      }),
      textField({
        ...{ form: "account", name: "password", label: "New password", type: "password", hint: HINT },
        ...{ autocomplete: "new-password", problem: problems.password },
      }),
    ]);
  }

  /** @param {Record<string, string>} typed */
  #submit(typed) {
    if (!typed.value) {
      this.#work.refuse({ value: "Enter your current password." });
    } else if (!typed.password) {
      this.#work.refuse({ password: "Enter a new password." }, "account-password");
    } else {
      this.#change(typed);
    }
  }
}
