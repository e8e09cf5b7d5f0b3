import { shown } from "../../parts/shown.js";
import { Resource } from "../../resource.js";
import { failureNotice, notice } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { Address } from "./address.js";
import { Authenticator } from "./authenticator.js";
import { OwnData } from "./own-data.js";
import { Password } from "./password.js";
import { userOf } from "./user.js";
import { Work } from "./work.js";

/** @import { Page } from "../../types/page.js" */
/** @import { User } from "./user.js" */

/** The person's addresses, password, authenticator and data. */
export class Account {
  #page;
  #work;
  /** @type {Resource<User>} */
  #user;
  #sections;
  #ownData;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    this.#work = new Work(page);
    this.#user = new Resource(page, async () => userOf(await page.session.ask("GetUser")));
    this.#sections = [
      new Address(page, this.#work, this.#user, "email"),
      new Address(page, this.#work, this.#user, "phone_number"),
      new Password(page, this.#work),
      new Authenticator(page, this.#work, this.#user),
    ];
    this.#ownData = new OwnData(page, this.#work);
  }

  // Rendering

  render() {
    const { receipt } = this.#ownData;
    if (receipt) {
      return receipt.render();
    }
    const { news, failure } = this.#work;
    return html`
      ${news ? notice("good", html`<p>${news}</p>`) : nothing} ${failureNotice(failure)}
      ${shown(this.#user, (user) => [...this.#sections, this.#ownData].map((section) => section.render(user)))}
      <section class="card" aria-labelledby="leave">
        <h2 id="leave">This session</h2>
        <p>Your session ends when you close the tab, or one day after you signed in.</p>
        <button type="button" @click=${this.#page.signOut}>Sign out</button>
      </section>
    `;
  }
}
