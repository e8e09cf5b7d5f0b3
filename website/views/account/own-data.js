import { Api } from "../../api.js";
import { saveJson } from "../../parts/save.js";
import { textField } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { deletion, joined } from "./deletion.js";
import { Receipt } from "./receipt.js";

/** @import { AccountData, StoreCount } from "../../types/account.js" */
/** @import { FormEvent, Page } from "../../types/page.js" */
/** @import { User } from "./user.js" */
/** @import { Work } from "./work.js" */

const TASK = "deletion";

/** A copy of the person's data, and the deletion of their account. */
export class OwnData {
  #page;
  #work;
  #api;
  /** @type {StoreCount[]} what the deletion waits for */
  #waits = [];
  /** @type {Receipt | null} after the deletion */
  receipt = null;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   */
  constructor(page, work) {
    this.#page = page;
    this.#work = work;
    this.#api = new Api(page.config.accountApi, page.session);
  }

  // Actions

  #download = () =>
    this.#work.act(
      async () => {
        /** @type {AccountData[]} */
        const parts = [];
        do {
          const next = parts.at(-1)?.next;
          parts.push((await this.#api.get("/account", { query: { next } })).body);
        } while (parts.at(-1)?.next);
        saveJson("my-data.json", joined(parts));
      },
      { done: "Your data is in the file my-data.json." },
    );

  /** @param {string} typed */
  #submit(typed) {
    const { email } = this.#page.session.person ?? { email: "" };
    if (typed.trim().toLowerCase() === email.toLowerCase()) {
      this.#work.act(() => this.#delete());
    } else {
      this.#work.refuse({ value: `This is not ${email}.` });
    }
  }

  async #delete() {
    const { session, signal, say, update } = this.#page;
    const receipt = await deletion(this.#api, session, {
      signal,
      waiting: (waits) => {
        this.#waits = waits;
        update();
      },
    });
    this.#work.task = null;
    this.receipt = new Receipt(receipt, this.#page);
    session.leave();
    say("Your account is deleted.");
  }

  // Rendering

  /** @param {User} user */
  render({ email }) {
    const { isBusy, task } = this.#work;
    return html`
      <section class="card" aria-labelledby="about-${TASK}">
        <h2 id="about-${TASK}" tabindex="-1">Your data</h2>
        <p>Download everything that we keep about you, as one JSON file. Or delete your account.</p>
        ${
          task === TASK
            ? this.#form(email.value ?? "")
            : html`<p class="buttons">
                <button type="button" ?disabled=${isBusy} @click=${this.#download}>Download my data</button>
                <button type="button" class="danger" ?disabled=${isBusy} @click=${() => this.#work.begin(TASK)}>
                  Delete my account
                </button>
              </p>`
        }
      </section>
    `;
  }

  /** @param {string} email */
  #form(email) {
    const { isBusy, problems } = this.#work;
    const send = (/** @type {FormEvent} */ event) => {
      event.preventDefault();
      this.#submit(String(new FormData(event.currentTarget).get("value")));
    };
    return html`
      <form novalidate @submit=${send}>
        <p>
          This cannot be undone. You lose your orders, your reminders and this sign-in. Reminders that wait are not
          sent. Good orders are still fulfilled.
        </p>
        ${textField({
          form: "account",
          name: "value",
          label: `Type ${email} to delete your account`,
          type: "email",
          problem: problems.value,
        })}
        ${isBusy ? html`<p role="status">${this.#progress()}</p>` : nothing}
        <p class="buttons">
          <button class="danger" ?disabled=${isBusy}>Delete my account</button>
          <button type="button" ?disabled=${isBusy} @click=${() => this.#work.begin(null)}>Keep my account</button>
        </p>
      </form>
    `;
  }

  #progress() {
    const waits = this.#waits.map(({ count, what }) => `${count} ${what}`).join("; ");
    return waits ? `Waiting for ${waits}. Leave this page open.` : "Deleting…";
  }
}
