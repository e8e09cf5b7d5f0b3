import { Refused, UnknownChallenge } from "../failures.js";
import { codeField, failureNotice, fieldsOf, focusOn, focusWrong, notice, textField } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

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
        <strong>Orders</strong> are recorded, checked, and put into the queue for fulfillment or, with reasons, before a
        person. You see how far it is.
      </li>
      <li><strong>Reminders</strong> wait for seconds or for months, and then reach you by e‑mail, by SMS or both.</li>
      <li>
        <strong>Yours alone:</strong> orders are seen by you and by the operators, and mail goes only to the address you
        have confirmed, or to one that this installation lists.
      </li>
    </ul>
  </section>
`;

const PASSWORD_HINT = "At least 12 characters, among them a capital and a small letter, a digit and a symbol.";

const FIELD_OF = {
  InvalidPasswordException: "password",
  UsernameExistsException: "email",
  CodeMismatchException: "code",
  EnableSoftwareTokenMFAException: "code",
  ExpiredCodeException: "code",
};

/** The way in: sign-in, sign-up, confirmation, forgotten password and what Cognito asks for besides. */
export class SignIn {
  mode = "signIn";
  challenge = null;
  password = null;
  problems = {};
  failure = null;
  news = null;
  isBusy = false;

  /**
   * @param {object} door
   * @param {import("../session.js").Session} door.session
   * @param {() => void} door.update
   * @param {(words: string) => void} door.say
   * @param {(mode: string) => void} [door.move] where modes have addresses of their own
   * @param {string} [door.email] of the one who is to sign in
   */
  constructor({ session, update, say, move, email = "" }) {
    Object.assign(this, { session, update, say, email, hasAddresses: Boolean(move) });
    this.move = move ?? ((mode) => this.enter(mode));
  }

  get title() {
    return TITLES[this.challenge?.name ?? this.mode];
  }

  enter(mode) {
    if (mode !== this.mode) {
      Object.assign(this, { mode, challenge: null, problems: {}, failure: null });
    }
    this.update();
  }

  page() {
    return html`
      ${
        this.title === TITLES.signIn
          ? WELCOME
          : html`<section class="welcome"><h1 tabindex="-1">${this.title}</h1></section>`
      }
      <div class="card">${this.title === TITLES.signIn ? html`<h2>${this.title}</h2>` : nothing} ${this.form()}</div>
    `;
  }

  form() {
    const forms = {
      signIn: () => this.#signIn(),
      signUp: () => this.#signUp(),
      confirm: () => this.#confirm(),
      forgotten: () => this.#forgotten(),
      newCode: () => this.#newPassword(),
      SOFTWARE_TOKEN_MFA: () => this.#authenticator(),
      NEW_PASSWORD_REQUIRED: () => this.#ownPassword(),
    };
    const form = forms[this.challenge?.name ?? this.mode] ?? forms.signIn;
    return html`
      ${this.news ? notice("good", html`<p>${this.news}</p>`) : nothing} ${failureNotice(this.failure)} ${form()}
    `;
  }

  #signIn() {
    const submit = async ({ email, password }) => {
      this.email = email;
      try {
        this.challenge = await this.session.signIn(email, password);
      } catch (failure) {
        if (failure.code !== "UserNotConfirmedException") {
          throw failure;
        }
        this.password = password;
        this.#go("confirm");
        this.#tell("This address is not confirmed yet: a code was mailed to it.");
      }
    };
    return html`
      ${this.#formOf("Sign in", submit, [this.#emailField(), this.#passwordField("current-password")])}
      <p class="aside">
        <button type="button" class="link" @click=${() => this.#go("forgotten")}>Forgotten password?</button>
        ${
          this.hasAddresses
            ? html`<button type="button" class="link" @click=${() => this.#go("signUp")}>Create an account</button>`
            : nothing
        }
      </p>
    `;
  }

  #signUp() {
    const submit = async ({ email, password }) => {
      await this.session.signUp(email, password);
      Object.assign(this, { email, password });
      this.#go("confirm");
      this.#tell(`A code was mailed to ${email}.`);
    };
    return html`
      ${this.#formOf("Create the account", submit, [
        this.#emailField(),
        this.#passwordField("new-password", PASSWORD_HINT),
      ])}
      <p class="aside">
        <button type="button" class="link" @click=${() => this.#go("signIn")}>I have an account</button>
        <button type="button" class="link" @click=${() => this.#go("confirm")}>I have a code</button>
      </p>
    `;
  }

  #confirm() {
    const submit = async ({ email, code }) => {
      await this.session.confirm(email, code.trim());
      const { password } = this;
      Object.assign(this, { email, password: null });
      this.#go("signIn");
      this.#tell("Your address is confirmed. Welcome!");
      if (password) {
        this.challenge = await this.session.signIn(email, password);
      }
    };
    const again = async () => {
      await this.session.sendCodeAgain(this.#typedEmail());
      this.#tell("Another code is on its way.");
    };
    return html`
      ${this.#formOf("Confirm", submit, [
        this.#emailField(),
        codeField({ form: "door", problem: this.problems.code, hint: "We mailed it to you." }),
      ])}
      <p class="aside">
        <button type="button" class="link" @click=${() => this.#try(again)}>Send another code</button>
        <button type="button" class="link" @click=${() => this.#go("signIn")}>Back to sign-in</button>
      </p>
    `;
  }

  #forgotten() {
    const submit = async ({ email }) => {
      await this.session.forgotPassword(email);
      this.email = email;
      this.mode = "newCode";
      this.#tell(`If ${email} has an account, a code is on its way there.`);
    };
    return html`
      ${this.#formOf("Send me a code", submit, [this.#emailField()])}
      <p class="aside">
        <button type="button" class="link" @click=${() => this.#go("signIn")}>Back to sign-in</button>
      </p>
    `;
  }

  #newPassword() {
    const submit = async ({ code, password }) => {
      await this.session.setForgotten(this.email, code.trim(), password);
      this.#go("signIn");
      this.#tell("Your password is changed. Sign in with the new one.");
    };
    const fields = [
      codeField({ form: "door", problem: this.problems.code, hint: `Mailed to ${this.email}.` }),
      this.#passwordField("new-password", PASSWORD_HINT, "New password"),
    ];
    return html`
      ${this.#formOf("Change the password", submit, fields)}
      <p class="aside">
        <button type="button" class="link" @click=${() => this.#go("forgotten")}>Send another code</button>
      </p>
    `;
  }

  #authenticator() {
    const submit = async ({ code }) => {
      this.challenge = await this.session.answer(this.challenge, code.replace(/\s/g, ""));
    };
    const hint = "The six digits that your authenticator app shows now.";
    return html`
      ${this.#formOf("Sign in", submit, [codeField({ form: "door", problem: this.problems.code, hint })])}
      <p class="aside"><button type="button" class="link" @click=${() => this.#restart()}>Back to sign-in</button></p>
    `;
  }

  #ownPassword() {
    const submit = async ({ password }) => {
      this.challenge = await this.session.answer(this.challenge, password);
    };
    return this.#formOf("Save and sign in", submit, [
      this.#passwordField("new-password", PASSWORD_HINT, "New password"),
    ]);
  }

  #formOf(label, submit, fields) {
    const send = (event) => {
      event.preventDefault();
      const form = event.currentTarget;
      const typed = fieldsOf(form);
      if ("email" in typed) {
        typed.email = typed.email.trim();
      }
      this.problems = missingIn(typed);
      if (Object.keys(this.problems).length) {
        this.update();
        focusWrong(form);
      } else {
        this.#try(() => submit(typed), form);
      }
    };
    return html`
      <form novalidate @submit=${send}>
        ${fields}
        <button class="primary" ?disabled=${this.isBusy}>${this.isBusy ? "One moment…" : label}</button>
      </form>
    `;
  }

  async #try(action, form) {
    const wasAsked = Boolean(this.challenge);
    Object.assign(this, { isBusy: true, failure: null, news: null });
    this.update();
    try {
      await action();
      this.problems = {};
    } catch (failure) {
      const name = failure instanceof Refused && FIELD_OF[failure.code];
      this.problems = name ? { [name]: failure.message } : {};
      this.failure = name ? null : failure;
      if (this.challenge && isOver(failure)) {
        this.challenge = null;
      }
    }
    this.isBusy = false;
    this.update();
    if (wasAsked && this.failure && !this.challenge) {
      focusOn("door-password");
    }
    if (form?.isConnected) {
      focusWrong(form);
    }
  }

  #tell(words) {
    this.news = words;
    this.say(words);
  }

  #go(mode) {
    this.news = null;
    this.move(mode);
  }

  #restart() {
    this.challenge = null;
    this.update();
  }

  #typedEmail() {
    return document.getElementById("door-email").value.trim();
  }

  #emailField() {
    return textField({
      form: "door",
      name: "email",
      label: "E-mail address",
      type: "email",
      autocomplete: "username",
      inputmode: "email",
      value: this.email,
      problem: this.problems.email,
    });
  }

  #passwordField(autocomplete, hint, label = "Password") {
    const problem = this.problems.password;
    return textField({ form: "door", name: "password", label, type: "password", autocomplete, hint, problem });
  }
}

/** Whether what was asked for besides the password cannot be answered any more. */
const isOver = (failure) => failure instanceof UnknownChallenge || failure.code === "NotAuthorizedException";

const MISSING = {
  email: "Enter your e-mail address.",
  password: "Enter the password.",
  code: "Enter the code.",
};

function missingIn(typed) {
  return Object.fromEntries(
    Object.keys(typed)
      .filter((name) => !typed[name].trim())
      .map((name) => [name, MISSING[name]]),
  );
}
