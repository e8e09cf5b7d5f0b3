import { STATUSES, priceText } from "../orders.js";
import { Pages } from "../pages.js";
import { more } from "../parts/more.js";
import { reasons } from "../parts/reasons.js";
import { chip, empty, shown } from "../parts/shown.js";
import { timeText } from "../times.js";
import { html } from "../vendor/lit-html.js";

/** @import { Order } from "../orders.js" */
/** @import { Page } from "../types/page.js" */

export class MyOrders {
  /** @type {Pages<Order>} */
  #found;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    const { orders, signal } = page;
    this.#found = new Pages(page, (next) => orders.get("/orders", { query: { next }, signal }), "orders");
  }

  // Rendering

  render() {
    return html`
      <div class="bar">
        <p class="lead">Newest first.</p>
        <button type="button" class="small" @click=${() => this.#found.load()}>Reload</button>
      </div>
      ${shown(this.#found, (list) => (list.length ? rows(list) : none()), { lines: 5 })} ${more(this.#found, "orders")}
    `;
  }
}

const none = () =>
  empty(
    "No orders yet",
    html`Your orders appear here. <a href="#/order">Place your first order</a>, for example one of the samples.`,
  );

/** @param {Order[]} list */
const rows = (list) => html`
  <ul class="rows">
    ${list.map(
      (order) => html`
        <li class="card row">
          <div class="grow">
            <a class="title" href="#/orders/${encodeURIComponent(order.OrderId)}" dir="auto">${order.ItemName}</a>
            <p class="quiet">
              <span class="number">${priceText(order.Price)}</span> · <span class="id">${order.OrderId}</span> ·
              <time datetime=${order.UpdatedAt}>${timeText(order.UpdatedAt)}</time>
            </p>
            ${reasons(order)}
          </div>
          ${chip(STATUSES[order.Status])}
        </li>
      `,
    )}
  </ul>
`;
