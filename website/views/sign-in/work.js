import { Refused } from "../../http.js";
import { codeField, failureNotice, fieldsOf, focusOn, focusWrong, notice, textField } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { FormEvent, Problems, Submit } from "../../types/page.js" */

/** @type {Record<string, string>} */
const FIELD_OF = {
  InvalidPasswordException: "password",
  UsernameExistsException: "email",
  CodeMismatchException: "code",
  EnableSoftwareTokenMFAException: "code",
  ExpiredCodeException: "code",
};

/** @type {Record<string, string>} */
const MISSING = {
  email: "Enter your e-mail address.",
  password: "Enter your password.",
  code: "Enter the code.",
};

/** The one request that the sign-in sends at a time. */
export class Work {
  #update;
  #say;
  #endsChallenge;
  /** @type {Problems} */
  problems = {};
  /** @type {Error | null} */
  failure = null;
  /** @type {string | null} */
  news = null;
  isBusy = false;

  /**
   * @param {object} door
   * @param {() => void} door.update
   * @param {(words: string) => void} door.say
   * @param {(failure: Error & {code?: string}) => boolean} door.endsChallenge whether the failure ended a challenge
   */
  constructor({ update, say, endsChallenge }) {
    this.#update = update;
    this.#say = say;
    this.#endsChallenge = endsChallenge;
  }

  // Actions

  /**
   * @param {() => Promise<void>} action
   * @param {HTMLFormElement} [form]
   */
  async try(action, form) {
    let isBackAtPassword = false;
    Object.assign(this, { isBusy: true, failure: null, news: null });
    this.#update();
    try {
      await action();
      this.problems = {};
    } catch (failure) {
      const name = failure instanceof Refused && FIELD_OF[failure.code];
      this.problems = name ? { [name]: failure.message } : {};
      this.failure = name ? null : failure;
      isBackAtPassword = this.#endsChallenge(failure);
    }
    this.isBusy = false;
    this.#update();
    if (isBackAtPassword) {
      focusOn("door-password");
    }
    if (form?.isConnected) {
      focusWrong(form);
    }
  }

  /** @param {string} words */
  tell(words) {
    this.news = words;
    this.#say(words);
  }

  // Rendering

  notices() {
    return html` ${this.news ? notice("good", html`<p>${this.news}</p>`) : nothing} ${failureNotice(this.failure)} `;
  }

  /**
   * @param {string} label
   * @param {Submit} submit
   * @param {unknown[]} fields
   */
  form(label, submit, fields) {
    const send = (/** @type {FormEvent} */ event) => {
      event.preventDefault();
      const form = event.currentTarget;
      const typed = fieldsOf(form);
      if ("email" in typed) {
        typed.email = typed.email.trim();
      }
      this.problems = missingIn(typed);
      if (Object.keys(this.problems).length) {
        this.#update();
        focusWrong(form);
      } else {
        this.try(() => submit(typed), form);
      }
    };
    return html`
      <form novalidate @submit=${send}>
        ${fields}
        <button class="primary" ?disabled=${this.isBusy}>${this.isBusy ? "One moment…" : label}</button>
      </form>
    `;
  }

  /** @param {string} value the initial value */
  emailField(value) {
    return textField({
      form: "door",
      name: "email",
      label: "E-mail address",
      type: "email",
      autocomplete: "username",
      inputmode: "email",
      value,
      problem: this.problems.email,
    });
  }

  /** @param {string} hint */
  codeField(hint) {
    return codeField({ form: "door", problem: this.problems.code, hint });
  }

  /**
   * @param {string} autocomplete
   * @param {string} [hint]
   * @param {string} [label]
   */
  passwordField(autocomplete, hint, label = "Password") {
    const problem = this.problems.password;
    return textField({ form: "door", name: "password", label, type: "password", autocomplete, hint, problem });
  }
}

/** @param {Record<string, string>} typed */
function missingIn(typed) {
  const missing = Object.keys(typed).filter((name) => !typed[name].trim());
  return Object.fromEntries(missing.map((name) => [name, MISSING[name]]));
}
