import { Refused } from "../http.js";
import { STATUSES, isOrderId, priceText } from "../orders.js";
import { orderPath } from "../parts/order-path.js";
import { reasons } from "../parts/reasons.js";
import { chip, shown } from "../parts/shown.js";
import { Resource, poll } from "../resource.js";
import { timeText } from "../times.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Order } from "../orders.js" */
/** @import { Page } from "../types/page.js" */

/** @type {Record<string, [string, string]>} */
const CACHE = {
  HIT: ["from the cache", "Redis had this order."],
  MISS: ["from the table", "The order was not in the cache."],
  BYPASS: ["from the table", "The cache is switched off, slow or unavailable."],
};

/** @typedef {{order: Order | null, cache?: string | null}} Found `order` is null if the API does not find it */

/** Shows one order, and reloads it until it is settled. */
export class OrderDetail {
  #page;
  #id;
  /** @type {Resource<Found>} */
  #found;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    [this.#id] = page.parameters;
    this.#found = new Resource(page, () => this.#lookUp());
    poll(() => this.#ask(), { signal: page.signal });
  }

  // Actions

  /** @returns {Promise<Found>} */
  async #lookUp() {
    const { orders, signal } = this.#page;
    if (!isOrderId(this.#id)) {
      return { order: null };
    }
    try {
      const { body, headers } = await orders.get(`/orders/${encodeURIComponent(this.#id)}`, { signal });
      return { order: body, cache: headers.get("X-Cache") };
    } catch (failure) {
      if (failure instanceof Refused && failure.status === 404) {
        return { order: null };
      }
      throw failure;
    }
  }

  /** Reloads the order. Returns whether it is settled. */
  async #ask() {
    const before = this.#found.value?.order?.Status;
    await this.#found.load();
    const after = this.#found.value?.order?.Status;
    const isSettled = this.#found.value !== undefined && after !== "RECEIVED";
    if (before === "RECEIVED" && isSettled) {
      this.#page.say(`New status: ${after && STATUSES[after].word}.`);
    }
    return isSettled;
  }

  // Rendering

  render() {
    return html`
      ${shown(this.#found, ({ order, cache }) => (order ? about(order, cache) : unknown()), { lines: 6 })}
      <p class="aside">
        <a href="#/order">Place another order</a>
        <a href="#/orders">My orders</a>
        ${this.#page.session.person?.isOperator ? html`<a href="#/operators">Operators</a>` : nothing}
      </p>
    `;
  }
}

const unknown = () => html`
  <div class="empty">
    <p class="title">Order not found</p>
    <p>Check the order id. Only the owner and operators can see an order.</p>
  </div>
`;

/**
 * @param {Order} order
 * @param {string | null} [cache]
 */
const about = (order, cache) => [progress(order), details(order, cache)];

/** @param {Order} order */
function progress(order) {
  const status = STATUSES[order.Status];
  return html`
    <section class="card" aria-label="Path">
      <p class="state">${chip(status)} <span>${status.sentence}</span></p>
      ${orderPath(order)} ${reasons(order)}
      ${
        order.Queue
          ? html`<p class="quiet">The order is already in its queue. Only this status is out of date.</p>`
          : nothing
      }
      ${
        order.Note
          ? html`<blockquote>
              <p>${order.Note}</p>
              <footer>The operator’s note</footer>
            </blockquote>`
          : nothing
      }
    </section>
  `;
}

/**
 * @param {Order} order
 * @param {string | null} [cache]
 */
const details = (order, cache) => html`
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

/** @param {string | null} [cache] */
function cacheMark(cache) {
  const [words, explanation] = CACHE[cache ?? ""] ?? [];
  return words ? html`<p class="cache"><span class="tag">${words}</span> ${explanation}</p>` : nothing;
}
