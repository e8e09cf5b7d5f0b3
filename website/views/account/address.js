import { chip } from "../../parts/shown.js";
import { codeField, textField } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Resource } from "../../resource.js" */
/** @import { Mark, Page } from "../../types/page.js" */
/** @import { Known, User } from "./user.js" */
/** @import { Work } from "./work.js" */

/** @typedef {"email" | "phone_number"} Name Cognito's name of the attribute */

const ADDRESSES = {
  email: {
    label: "E-mail address",
    sent: "mailed",
    wrong: "Enter an e-mail address, for example ada@example.com.",
    control: {
      type: "email",
      inputmode: "email",
      autocomplete: "email",
      hint: "You sign in with this address, and your reminders go to it.",
    },
  },
  phone_number: {
    label: "Phone number",
    sent: "texted",
    wrong: "Enter the number with its country code, for example +15555550100.",
    control: {
      type: "tel",
      inputmode: "tel",
      autocomplete: "tel",
      hint: "Include the country code, for example +15555550100.",
    },
  },
};

const PHONE = /^\+[1-9][0-9]{6,14}$/;

/** @type {Mark} */
const CONFIRMED = { word: "Confirmed", tone: "good" };
/** @type {Mark} */
const UNCONFIRMED = { word: "Not confirmed", tone: "care" };

/** An address of the person. A changed address is confirmed with a code. */
export class Address {
  #page;
  #work;
  #user;
  #name;
  /** The names of this section's two forms in `Work.task`. */
  #tasks;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   * @param {Resource<User>} user
   * @param {Name} name
   */
  constructor(page, work, user, name) {
    this.#page = page;
    this.#work = work;
    this.#user = user;
    this.#name = name;
    this.#tasks = { change: name, code: `${name} code` };
  }

  // Actions

  /** @param {string} typed */
  #submit(typed) {
    const isPhone = this.#name === "phone_number";
    const value = isPhone ? typed.replace(/[\s().-]/g, "") : typed.trim();
    if (isPhone ? PHONE.test(value) : value.includes("@")) {
      this.#change(value);
    } else {
      this.#work.refuse({ value: ADDRESSES[this.#name].wrong });
    }
  }

  /** @param {string} value */
  #change(value) {
    const { session } = this.#page;
    const name = this.#name;
    this.#work.act(
      async () => {
        const changed = { UserAttributes: [{ Name: name, Value: value }] };
        const { CodeDeliveryDetailsList = [] } = await session.ask("UpdateUserAttributes", changed);
        const sent = /** @type {{AttributeName: string}[]} */ (CodeDeliveryDetailsList);
        if (!sent.some(({ AttributeName }) => AttributeName === name)) {
          // The pool accepted the address and sent no code, so a refusal from here on is not about the address.
          this.#work.task = null;
          await this.#reload();
          await session.ask("GetUserAttributeVerificationCode", { AttributeName: name });
        }
        this.#work.pending = { name, value };
        this.#work.task = this.#tasks.code;
      },
      {
        field: this.#work.pending ? "code" : "value",
        done: `We ${ADDRESSES[name].sent} a code to ${value}.`,
      },
    );
  }

  #sendCode = () =>
    this.#work.act(
      async () => {
        await this.#page.session.ask("GetUserAttributeVerificationCode", { AttributeName: this.#name });
        this.#work.task = this.#tasks.code;
      },
      { field: "code", done: `We ${ADDRESSES[this.#name].sent} you a code.` },
    );

  /** @param {string} code */
  #verify(code) {
    this.#work.act(
      async () => {
        await this.#page.session.ask("VerifyUserAttribute", { AttributeName: this.#name, Code: code });
        this.#work.task = null;
        this.#work.pending = null;
        await this.#reload();
      },
      { field: "code", done: `${ADDRESSES[this.#name].label} confirmed.` },
    );
  }

  async #reload() {
    await this.#page.session.refresh();
    await this.#user.load();
  }

  // Rendering

  /** @param {User} user */
  render(user) {
    const { value, isVerified } = user[this.#name];
    const state = chip(isVerified ? CONFIRMED : UNCONFIRMED);
    return html`
      <section class="card" aria-labelledby="about-${this.#name}">
        <h2 id="about-${this.#name}" tabindex="-1">${ADDRESSES[this.#name].label}</h2>
        <p class="state">
          ${value ? html`<strong class="number">${value}</strong> ${state}` : html`<span class="quiet">Not set</span>`}
        </p>
        ${this.#controls(user[this.#name])}
      </section>
    `;
  }

  /** @param {Known} known */
  #controls(known) {
    switch (this.#work.task) {
      case this.#tasks.change:
        return this.#changeForm();
      case this.#tasks.code:
        return this.#codeForm(known);
      default:
        return this.#buttons(known);
    }
  }

  /** @param {Known} known */
  #buttons({ value, isVerified }) {
    const what = ADDRESSES[this.#name].label.toLowerCase();
    const verb = value ? "Change" : "Add";
    return html`
      <p class="buttons">
        <button type="button" aria-label="${verb} ${what}" @click=${() => this.#work.begin(this.#tasks.change)}>
          ${verb}
        </button>
        ${
          value && !isVerified
            ? html`<button type="button" aria-label="Confirm ${what}" @click=${this.#sendCode}>Confirm</button>`
            : nothing
        }
        <button type="button" class="link" @click=${() => this.#work.begin(this.#tasks.code)}>
          I have a code<span class="unseen"> for the ${what}</span>
        </button>
      </p>
    `;
  }

  #changeForm() {
    const { label, control } = ADDRESSES[this.#name];
    return this.#work.form(
      "Send a code",
      ({ value }) => this.#submit(value),
      textField({
        form: "account",
        name: "value",
        label: `New ${label.toLowerCase()}`,
        problem: this.#work.problems.value,
        ...control,
      }),
    );
  }

  /** @param {Known} known */
  #codeForm(known) {
    const { pending } = this.#work;
    const typed = pending?.name === this.#name ? pending.value : null;
    return html`
      ${typed ? html`<p class="quiet">Enter the code to confirm ${typed}.</p>` : nothing}
      ${this.#work.form(
        "Confirm",
        ({ code }) => this.#verify(code.trim()),
        codeField({ form: "account", problem: this.#work.problems.code }),
      )}
      <p class="aside">${this.#anotherCode(known, typed)}</p>
    `;
  }

  /**
   * @param {Known} known
   * @param {string | null} typed
   */
  #anotherCode({ value, isVerified }, typed) {
    if (typed) {
      return html`<button type="button" class="link" @click=${() => this.#change(typed)}>Send another code</button>`;
    }
    if (value && !isVerified) {
      return html`<button type="button" class="link" @click=${this.#sendCode}>Send another code</button>`;
    }
    // Cognito does not return an unconfirmed new address, so after a reload the person must type it again.
    const begin = () => this.#work.begin(this.#tasks.change);
    return html`<button type="button" class="link" @click=${begin}>I need another code</button>`;
  }
}
