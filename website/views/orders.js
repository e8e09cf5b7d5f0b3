import { STATUSES, priceText } from "../orders.js";
import { Pages } from "../pages.js";
import { more } from "../parts/more.js";
import { reasons } from "../parts/reasons.js";
import { timeText } from "../times.js";
import { chip, empty, shown } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @param {import("../app.js").Page} page */
export function open(page) {
  const found = new Pages(
    page,
    (next) => page.orders.get("/orders", { query: { next }, signal: page.signal }),
    "orders",
  );

  const body = () => html`
    <div class="bar">
      <p class="lead">The newest first.</p>
      <button type="button" class="small" @click=${() => found.load()}>Reload</button>
    </div>
    ${shown(found, (list) => (list.length ? rows(list) : none()), { lines: 5 })} ${more(found, "orders")}
  `;
  return body;
}

const none = () =>
  empty(
    "No orders yet",
    html`What you order is listed here. <a href="#/order">Place your first order</a>, a sample will do.`,
  );

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
