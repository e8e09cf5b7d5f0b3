import { markForOperators } from "../../orders.js";
import { Pages } from "../../pages.js";
import { more } from "../../parts/more.js";
import { chip, empty, shown } from "../../parts/shown.js";
import { poll } from "../../resource.js";
import { repeat } from "../../vendor/directives/repeat.js";
import { html } from "../../vendor/lit-html.js";
import { about } from "./order-parts.js";

/** @import { Form, Order } from "../../orders.js" */
/** @import { Page } from "../../types/page.js" */

const PAGE = "5";

/** The orders that this operator corrected, and what became of them. */
export class CorrectedOrders {
  #page;
  /** @type {Pages<Order>} */
  #orders;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    const ask = (/** @type {string | null} */ next) =>
      page.orders.get("/orders", { query: { corrected: "true", limit: PAGE, next }, signal: page.signal });
    this.#orders = new Pages(page, ask, "orders");
  }

  // Actions

  reload() {
    this.#orders.load();
  }

  /**
   * Adds an order that was corrected just now, and watches it. The API's list does not have it yet.
   *
   * @param {Form} corrected
   * @param {Order} before
   */
  follow({ Name, ItemName, Price }, before) {
    this.#put({ ...before, Name, ItemName, Price, Status: "RECEIVED", Reasons: [] });
    const { orders, signal, update } = this.#page;
    const look = async () => {
      const { body } = await orders.get(`/orders/${encodeURIComponent(before.OrderId)}`, { signal });
      // The cache may still have the order from before the correction.
      if (body.UpdatedAt === before.UpdatedAt || body.Status === "RECEIVED") {
        return false;
      }
      this.#put(body);
      update();
      return true;
    };
    // The list shows a failure when it is loaded again.
    poll(look, { signal }).catch(() => {});
  }

  /** @param {Order} order */
  #put(order) {
    const others = this.#orders.value?.filter(({ OrderId }) => OrderId !== order.OrderId) ?? [];
    this.#orders.value = [order, ...others];
  }

  // Rendering

  render() {
    return html`
      <section aria-labelledby="corrected">
        <h2 id="corrected">Orders you corrected</h2>
        ${shown(this.#orders, (list) => (list.length ? rows(list) : empty("You have not corrected an order yet")))}
        ${more(this.#orders, "corrected orders")}
      </section>
    `;
  }
}

/** @param {Order[]} list */
const rows = (list) =>
  html`<ul class="rows">
    ${repeat(
      list,
      ({ OrderId }) => OrderId,
      (order) => html`
        <li class="card row">
          <div class="grow">${about(order)}</div>
          <div class="end">${chip(markForOperators(order.Status))}</div>
        </li>
      `,
    )}
  </ul>`;
