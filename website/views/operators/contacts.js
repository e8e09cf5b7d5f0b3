import { Refused } from "../../http.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Page } from "../../types/page.js" */

/** The addresses at which an operator asks the owners of orders, such as for a card number. */
export class Contacts {
  #page;
  /** @type {Map<string, string | null>} by the order's id; null if nobody owns the order */
  #addresses = new Map();

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
  }

  // Actions

  /** @param {string} id the order's id */
  async load(id) {
    const { orders, signal, update } = this.#page;
    try {
      const { body } = await orders.get(`/orders/${encodeURIComponent(id)}/contact`, { signal });
      this.#addresses.set(id, body.Email);
    } catch (caught) {
      if (!(caught instanceof Refused && caught.status === 404)) {
        // The operator can still work on the order. The next form asks again.
        return;
      }
      this.#addresses.set(id, null);
    }
    update();
  }

  // Rendering

  /** @param {string} id the order's id */
  render(id) {
    const address = this.#addresses.get(id);
    if (address === undefined) {
      return nothing;
    }
    if (address === null) {
      return html`<p class="quiet">Nobody with an account owns this order.</p>`;
    }
    // The address keeps its @ as it is (RFC 6068).
    const link = `mailto:${address.split("@").map(encodeURIComponent).join("@")}?subject=${encodeURIComponent(`Your order ${id}`)}`;
    return html`<p class="quiet">Ask the owner: <a href=${link}>${address}</a></p>`;
  }
}
