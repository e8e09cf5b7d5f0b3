import { chip } from "../../parts/shown.js";
import { codeField, field } from "../../ui.js";
import { html } from "../../vendor/lit-html.js";

/** @import { Resource } from "../../resource.js" */
/** @import { Mark, Page } from "../../types/page.js" */
/** @import { User } from "./user.js" */
/** @import { Work } from "./work.js" */

const ISSUER = "Orders and reminders";
const TASK = "totp code";

/** @type {Mark} */
const ON = { word: "On", tone: "good" };
/** @type {Mark} */
const OFF = { word: "Off", tone: "quiet" };

/** The authenticator app whose code Cognito asks for in addition to the password. */
export class Authenticator {
  #page;
  #work;
  #user;
  /** @type {string | null} the key to enter into the app */
  #secret = null;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   * @param {Resource<User>} user
   */
  constructor(page, work, user) {
    this.#page = page;
    this.#work = work;
    this.#user = user;
  }

  // Actions

  #setUp = () =>
    this.#work.act(async () => {
      this.#secret = (await this.#page.session.ask("AssociateSoftwareToken")).SecretCode;
      this.#work.task = TASK;
    });

  /** @param {string} code */
  #switchOn(code) {
    const { session } = this.#page;
    this.#work.act(
      async () => {
        await session.ask("VerifySoftwareToken", { UserCode: code });
        await session.ask("SetUserMFAPreference", { SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true } });
        this.#work.task = null;
        this.#secret = null;
        await this.#user.load();
      },
      { field: "code", done: "Authenticator switched on. You will need its code whenever you sign in." },
    );
  }

  #switchOff = () =>
    this.#work.act(
      async () => {
        const settings = { Enabled: false, PreferredMfa: false };
        await this.#page.session.ask("SetUserMFAPreference", { SoftwareTokenMfaSettings: settings });
        await this.#user.load();
      },
      { done: "Authenticator switched off. You sign in with your password only." },
    );

  // Rendering

  /** @param {User} user */
  render(user) {
    return html`
      <section class="card" aria-labelledby="about-totp">
        <h2 id="about-totp" tabindex="-1">Authenticator app</h2>
        <p class="state">
          ${chip(user.hasTotp ? ON : OFF)} <span>Asks for a code from your phone after the password.</span>
        </p>
        ${this.#work.task === TASK ? this.#key(user) : this.#button(user)}
      </section>
    `;
  }

  /** @param {User} user */
  #button({ hasTotp }) {
    const { isBusy } = this.#work;
    return html`
      <p class="buttons">
        ${
          hasTotp
            ? html`<button type="button" ?disabled=${isBusy} @click=${this.#switchOff}>
                Switch off the authenticator
              </button>`
            : html`<button type="button" ?disabled=${isBusy} @click=${this.#setUp}>Set up an authenticator</button>`
        }
      </p>
    `;
  }

  /** @param {User} user */
  #key({ email }) {
    const secret = this.#secret ?? "";
    return html`
      <p>
        Add this key to your authenticator app, or
        <a href=${keyAddress(email.value ?? "", secret)}>open the app on this device</a>.
      </p>
      ${field({
        form: "account",
        name: "key",
        label: "Key",
        control: ({ id }) => html`<output class="key" id=${id}>${groups(secret)}</output>`,
      })}
      ${this.#work.form(
        "Switch on",
        ({ code }) => this.#switchOn(code.replace(/\s/g, "")),
        codeField({
          form: "account",
          problem: this.#work.problems.code,
          hint: "Enter the six digits that the app shows now.",
        }),
      )}
    `;
  }
}

/** @param {string} secret */
const groups = (secret) => secret.match(/.{1,4}/g)?.join(" ") ?? "";

/**
 * @param {string} email
 * @param {string} secret
 */
function keyAddress(email, secret) {
  const query = new URLSearchParams({ secret, issuer: ISSUER });
  return `otpauth://totp/${encodeURIComponent(ISSUER)}:${encodeURIComponent(email)}?${query}`;
}
