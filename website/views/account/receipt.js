import { saveJson } from "../../parts/save.js";
import { html } from "../../vendor/lit-html.js";

/** @import { DeletionReceipt, Elsewhere } from "../../types/account.js" */
/** @import { Page } from "../../types/page.js" */

/** What a deletion removed, and what stays. It is shown once, and not kept anywhere. */
export class Receipt {
  #receipt;
  #page;

  /**
   * @param {DeletionReceipt} receipt
   * @param {Page} page
   */
  constructor(receipt, page) {
    this.#receipt = receipt;
    this.#page = page;
  }

  render() {
    const { removed, stays } = this.#receipt;
    return html`
      <section class="card" aria-labelledby="about-deletion">
        <h2 id="about-deletion" tabindex="-1">Your account is deleted</h2>
        <p>Save this receipt if you want to keep it. It has no data about you except the account’s id.</p>
        <p class="buttons">
          <button type="button" class="primary" @click=${() => saveJson("receipt.json", this.#receipt)}>
            Save the receipt
          </button>
          <button type="button" @click=${this.#page.signOut}>Done</button>
        </p>
        <h3>Removed</h3>
        <ul class="entries">
          ${removed.map(({ what, count }) => html`<li>${begun(what)} <span class="quiet">(${count})</span></li>`)}
        </ul>
        <h3>What stays, and why</h3>
        <ul class="entries">
          ${stays.map(remainder)}
        </ul>
      </section>
    `;
  }
}

/** @param {Elsewhere} stays */
const remainder = ({ what, why, until }) => html`
  <li><strong>${begun(what)}</strong>: ${until}. <span class="quiet">${begun(why)}.</span></li>
`;

/** @param {string} text */
const begun = (text) => text[0].toUpperCase() + text.slice(1);
