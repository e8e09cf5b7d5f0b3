import { Refused } from "../failures.js";
import { STATUSES, isOrderId, priceText } from "../orders.js";
import { orderPath } from "../parts/order-path.js";
import { reasons } from "../parts/reasons.js";
import { Resource, poll } from "../resource.js";
import { timeText } from "../times.js";
import { chip, shown } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

const CACHE = {
  HIT: ["from the cache", "This answer came out of Redis."],
  MISS: ["from the table", "It was not in the cache, so the table was read."],
  BYPASS: ["from the table", "The cache was not asked: there is none, or it is in trouble."],
};

/** @param {import("../app.js").Page} page */
export function open(page) {
  const { orders, parameters, signal, session, say } = page;
  const [id] = parameters;

  const lookup = async () => {
    if (!isOrderId(id)) {
      return { order: null };
    }
    try {
      const { body, headers } = await orders.get(`/orders/${encodeURIComponent(id)}`, { signal });
      return { order: body, cache: headers.get("X-Cache") };
    } catch (failure) {
      if (failure instanceof Refused && failure.status === 404) {
        return { order: null };
      }
      throw failure;
    }
  };

  const isSettled = ({ value }) => value && value.order?.Status !== "RECEIVED";

  const found = new Resource(page, lookup);
  poll(
    async () => {
      const before = found.value?.order?.Status;
      await found.load();
      const { word } = STATUSES[found.value?.order?.Status] ?? {};
      if (before === "RECEIVED" && isSettled(found)) {
        say(`The order has come to its end: ${word}.`);
      }
      return Boolean(isSettled(found));
    },
    { signal },
  );

  const body = () => html`
    ${shown(found, ({ order, cache }) => (order ? about(order, cache) : unknown()), { lines: 6 })}
    <p class="aside">
      <a href="#/order">Place another order</a>
      <a href="#/orders">My orders</a>
      ${session.person.isOperator ? html`<a href="#/operators">Operators</a>` : nothing}
    </p>
  `;
  return body;
}

const unknown = () => html`
  <div class="empty">
    <p class="title">There is no such order</p>
    <p>It may have another id, or be somebody else’s.</p>
  </div>
`;

function about(order, cache) {
  const status = STATUSES[order.Status];
  return html`
    <section class="card" aria-label="Path">
      <p class="state">${chip(status)} <span>${status.sentence}</span></p>
      ${orderPath(order)} ${reasons(order)}
      ${order.Queue ? html`<p class="quiet">The order is in its queue; only this status is out of date.</p>` : nothing}
      ${
        order.Note
          ? html`<blockquote>
              <p>${order.Note}</p>
              <footer>The operator’s note</footer>
            </blockquote>`
          : nothing
      }
    </section>
    <section class="card" aria-label="Details">
      <dl class="facts">
        <div>
          <dt>Name</dt>
          <dd dir="auto">${order.Name}</dd>
        </div>
        <div>
          <dt>Item</dt>
          <dd dir="auto">${order.ItemName}</dd>
        </div>
        <div>
          <dt>Price</dt>
          <dd class="number">${priceText(order.Price)}</dd>
        </div>
        <div>
          <dt>Card</dt>
          <dd class="number">${order.Card.Last4 ? `ends in ${order.Card.Last4}` : "unreadable"}</dd>
        </div>
        ${
          order.ReceivedAt
            ? html`<div>
                <dt>Received</dt>
                <dd>${timeText(order.ReceivedAt)}</dd>
              </div>`
            : nothing
        }
        <div>
          <dt>Last change</dt>
          <dd>${timeText(order.UpdatedAt)}</dd>
        </div>
      </dl>
      ${cacheMark(cache)}
    </section>
  `;
}

function cacheMark(cache) {
  const [words, explanation] = CACHE[cache] ?? [];
  return words ? html`<p class="cache"><span class="tag">${words}</span> ${explanation}</p>` : nothing;
}
