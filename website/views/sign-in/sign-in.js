import { UnknownChallenge } from "../../http.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { Work } from "./work.js";

/** @import { Session } from "../../session.js" */
/** @import { Challenge, Mode, Submit } from "../../types/page.js" */

/** @type {Record<string, string>} by mode, or by challenge */
const TITLES = {
  signIn: "Sign in",
  signUp: "Create an account",
  confirm: "Confirm your e-mail address",
  forgotten: "Forgotten password",
  newCode: "Choose a new password",
  SOFTWARE_TOKEN_MFA: "One more step",
  NEW_PASSWORD_REQUIRED: "Choose your own password",
};

const WELCOME = html`
  <section class="welcome">
    <h1 tabindex="-1">Place an order, set a reminder, watch it happen</h1>
    <p class="lead">Two small serverless apps behind one page.</p>
    <ul class="promises">
      <li>
        <strong>Orders:</strong> we check each order. A valid order goes to fulfillment. Any other order goes to an
        operator, with the reasons. You can follow each step.
      </li>
      <li><strong>Reminders:</strong> they reach you by e‑mail, SMS or both, after seconds or after months.</li>
      <li>
        <strong>Privacy:</strong> only you and the operators see your orders. Reminders go to your confirmed addresses,
        or to other addresses that this installation allows.
      </li>
    </ul>
  </section>
`;

const PASSWORD_HINT = "At least 12 characters, with upper-case and lower-case letters, a digit and a symbol.";

/** The forms for signing in, signing up, confirming, resetting the password and answering Cognito's challenges. */
export class SignIn {
  #session;
  #update;
  #move;
  #hasAddresses;
  /** @type {import("./demo-users.js").DemoUsers | null} */
  #demo = null;
  #work;
  /** @type {Mode} */
  #mode = "signIn";
  /** @type {Challenge | null} */
  #challenge = null;
  #email;
  /** @type {string | null} kept until the address is confirmed, to sign in without asking again */
  #password = null;

  // Lifecycle

  /**
   * @param {object} door
   * @param {Session} door.session
   * @param {() => void} door.update
   * @param {(words: string) => void} door.say
   * @param {(mode: Mode) => void} [door.move] opens a mode by its address; missing in the dialog
   * @param {string} [door.email] the initial e-mail address
   * @param {string | null} [door.demoUsers] the path of the demo users; null if the stage has none
   */
  constructor({ session, update, say, move, email = "", demoUsers = null }) {
    this.#session = session;
    this.#update = update;
    this.#move = move ?? ((mode) => this.enter(mode));
    this.#hasAddresses = Boolean(move);
    this.#email = email;
    this.#work = new Work({ update, say, endsChallenge: (failure) => this.#endsChallenge(failure) });
    if (demoUsers) {
      this.#offer(demoUsers);
    }
  }

  get title() {
    return TITLES[this.#challenge?.name ?? this.#mode];
  }

  /** @param {Mode} mode */
  enter(mode) {
    if (mode !== this.#mode) {
      this.#mode = mode;
      this.#challenge = null;
      Object.assign(this.#work, { problems: {}, failure: null });
    }
    this.#update();
  }

  // Actions

  /** @param {string} address of the demo users */
  async #offer(address) {
    const { load } = (await import("./demo-users.js")).DemoUsers;
    this.#demo = await load(address, (user) => this.#work.try(() => this.#signIn(user)));
    this.#update();
  }

  /** @param {Mode} mode */
  #go(mode) {
    this.#work.news = null;
    this.#move(mode);
  }

  #restart = () => {
    this.#challenge = null;
    this.#update();
  };

  /**
   * Ends the challenge if the failure means that it can no longer be answered. Returns whether it ended.
   *
   * @param {Error & {code?: string}} failure
   */
  #endsChallenge(failure) {
    const isOver = failure instanceof UnknownChallenge || failure.code === "NotAuthorizedException";
    if (!this.#challenge || !isOver) {
      return false;
    }
    this.#challenge = null;
    return true;
  }

  /** @type {Submit} */
  #signIn = async ({ email, password }) => {
    this.#email = email;
    try {
      this.#challenge = await this.#session.signIn(email, password);
    } catch (failure) {
      if (failure.code !== "UserNotConfirmedException") {
        throw failure;
      }
      this.#password = password;
      this.#go("confirm");
      this.#work.tell("This address is not confirmed yet. Enter the code that we mailed to it.");
    }
  };

  /** @type {Submit} */
  #signUp = async ({ email, password }) => {
    await this.#session.signUp(email, password);
    this.#email = email;
    this.#password = password;
    this.#go("confirm");
    this.#work.tell(`We mailed a code to ${email}.`);
  };

  /** @type {Submit} */
  #confirm = async ({ email, code }) => {
    await this.#session.confirm(email, code.trim());
    const password = this.#password;
    this.#email = email;
    this.#password = null;
    this.#go("signIn");
    this.#work.tell("Address confirmed. Welcome!");
    if (password) {
      this.#challenge = await this.#session.signIn(email, password);
    }
  };

  #sendCodeAgain = () =>
    this.#work.try(async () => {
      const typed = /** @type {HTMLInputElement} */ (document.getElementById("door-email"));
      await this.#session.sendCodeAgain(typed.value.trim());
      this.#work.tell("We mailed another code.");
    });

  /** @type {Submit} */
  #sendCode = async ({ email }) => {
    await this.#session.forgotPassword(email);
    this.#email = email;
    this.#mode = "newCode";
    this.#work.tell(`If ${email} has an account, we mailed a code to it.`);
  };

  /** @type {Submit} */
  #changePassword = async ({ code, password }) => {
    await this.#session.setForgotten(this.#email, code.trim(), password);
    this.#go("signIn");
    this.#work.tell("Password changed. Sign in with the new one.");
  };

  /** @param {string} text */
  async #answer(text) {
    if (this.#challenge) {
      this.#challenge = await this.#session.answer(this.#challenge, text);
    }
  }

  // Rendering

  page() {
    const isStart = this.title === TITLES.signIn;
    return html`
      ${isStart ? WELCOME : html`<section class="welcome"><h1 tabindex="-1">${this.title}</h1></section>`}
      <div class="card">${isStart ? html`<h2>${this.title}</h2>` : nothing} ${this.form()}</div>
    `;
  }

  form() {
    return html`${this.#work.notices()} ${this.#form()}`;
  }

  #form() {
    switch (this.#challenge?.name ?? this.#mode) {
      case "signUp":
        return this.#signUpForm();
      case "confirm":
        return this.#confirmForm();
      case "forgotten":
        return this.#forgottenForm();
      case "newCode":
        return this.#newCodeForm();
      case "SOFTWARE_TOKEN_MFA":
        return this.#authenticatorForm();
      case "NEW_PASSWORD_REQUIRED":
        return this.#ownPasswordForm();
      default:
        return this.#signInForm();
    }
  }

  #signInForm() {
    return html`
      ${this.#work.form("Sign in", this.#signIn, [this.#work.emailField(this.#email), this.#work.passwordField("current-password")])}
      <p class="aside">
        ${this.#link("Forgotten password?", "forgotten")}
        ${this.#hasAddresses ? this.#link("Create an account", "signUp") : nothing}
      </p>
      ${this.#demo?.render(this.#work.isBusy)}
    `;
  }

  #signUpForm() {
    const fields = [this.#work.emailField(this.#email), this.#work.passwordField("new-password", PASSWORD_HINT)];
    return html`
      ${this.#work.form("Create the account", this.#signUp, fields)}
      <p class="aside">${this.#link("I have an account", "signIn")} ${this.#link("I have a code", "confirm")}</p>
    `;
  }

  #confirmForm() {
    const code = this.#work.codeField("Enter the code that we mailed to you.");
    return html`
      ${this.#work.form("Confirm", this.#confirm, [this.#work.emailField(this.#email), code])}
      <p class="aside">
        <button type="button" class="link" @click=${this.#sendCodeAgain}>Send another code</button>
        ${this.#link("Back to sign-in", "signIn")}
      </p>
    `;
  }

  #forgottenForm() {
    return html`
      ${this.#work.form("Send me a code", this.#sendCode, [this.#work.emailField(this.#email)])}
      <p class="aside">${this.#link("Back to sign-in", "signIn")}</p>
    `;
  }

  #newCodeForm() {
    const fields = [
      this.#work.codeField(`Enter the code that we mailed to ${this.#email}.`),
      this.#work.passwordField("new-password", PASSWORD_HINT, "New password"),
    ];
    return html`
      ${this.#work.form("Change the password", this.#changePassword, fields)}
      <p class="aside">${this.#link("Send another code", "forgotten")}</p>
    `;
  }

  #authenticatorForm() {
    /** @type {Submit} */
    const submit = ({ code }) => this.#answer(code.replace(/\s/g, ""));
    const code = this.#work.codeField("Enter the six digits that your authenticator app shows now.");
    return html`
      ${this.#work.form("Sign in", submit, [code])}
      <p class="aside"><button type="button" class="link" @click=${this.#restart}>Back to sign-in</button></p>
    `;
  }

  #ownPasswordForm() {
    return this.#work.form("Save and sign in", ({ password }) => this.#answer(password), [
      this.#work.passwordField("new-password", PASSWORD_HINT, "New password"),
    ]);
  }

  /**
   * @param {string} words
   * @param {Mode} mode
   */
  #link(words, mode) {
    return html`<button type="button" class="link" @click=${() => this.#go(mode)}>${words}</button>`;
  }
}
