import { Refused } from "../../http.js";
import { STATUSES, isOrderId } from "../../orders.js";
import { Behind } from "../../parts/behind.js";
import { shown } from "../../parts/shown.js";
import { Resource, poll } from "../../resource.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { details, progress } from "./about.js";
import { OwnCorrection } from "./own-correction.js";

/** @import { Form, Order } from "../../orders.js" */
/** @import { Page } from "../../types/page.js" */

/** @typedef {{order: Order | null, cache?: string | null}} Found `order` is null if the API does not find it */

/** Shows one order, and reloads it until it is settled. */
export class OrderDetail {
  #page;
  #id;
  /** @type {Resource<Found>} */
  #found;
  #correction;
  #behind;
  /** @type {{corrected: Form, before: Order} | null} the correction that the API has accepted last */
  #sent = null;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    [this.#id] = page.parameters;
    this.#found = new Resource(page, () => this.#lookUp());
    this.#correction = new OwnCorrection(page, {
      sent: (corrected, before) => this.#follow(corrected, before),
      reload: () => this.#found.load(),
    });
    this.#behind = new Behind(page, "order");
    this.#watch();
  }

  // Actions

  #watch() {
    poll(() => this.#ask(), { signal: this.#page.signal });
  }

  /**
   * Shows that a corrected order is in progress, until it is settled again.
   *
   * @param {Form} corrected
   * @param {Order} before
   */
  #follow(corrected, before) {
    this.#sent = { corrected, before };
    this.#found.value = { order: this.#current(before) };
    this.#page.say("The order is sent again.");
    this.#page.update();
    document.querySelector("h1")?.focus();
    this.#watch();
  }

  /** @returns {Promise<Found>} */
  async #lookUp() {
    const { orders, signal } = this.#page;
    if (!isOrderId(this.#id)) {
      return { order: null };
    }
    try {
      const { body, headers } = await orders.get(`/orders/${encodeURIComponent(this.#id)}`, { signal });
      return { order: this.#current(body), cache: headers.get("X-Cache") };
    } catch (failure) {
      if (failure instanceof Refused && failure.status === 404) {
        return { order: null };
      }
      throw failure;
    }
  }

  /**
   * For a moment after a correction, the cache still has the order from before it.
   *
   * @param {Order} order
   * @returns {Order}
   */
  #current(order) {
    if (order.UpdatedAt !== this.#sent?.before.UpdatedAt) {
      return order;
    }
    const { Name, ItemName, Price, CC } = this.#sent.corrected;
    return { ...order, Name, ItemName, Price, Card: { Last4: CC.slice(-4) }, Status: "RECEIVED", Reasons: [] };
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
      ${shown(this.#found, ({ order, cache }) => (order ? this.#about(order, cache) : unknown()), { lines: 6 })}
      <p class="aside">
        <a href="#/order">Place another order</a>
        <a href="#/orders">My orders</a>
        ${this.#page.session.person?.isOperator ? html`<a href="#/operators">Operators</a>` : nothing}
      </p>
    `;
  }

  /**
   * @param {Order} order
   * @param {string | null} [cache]
   */
  #about(order, cache) {
    // Operators look at other people's orders, and would place the new one for themselves.
    const { person } = this.#page.session;
    const again = person?.isOperator ? nothing : orderAgain(order);
    return html`
      ${progress(order, { ...person })} ${this.#correction.render(order, again)} ${details(order)}
      ${this.#behind.render({ row: order, cache, execution: order.OrderId })}
    `;
  }
}

/** @param {Order} order */
const orderAgain = ({ OrderId }) =>
  html`<a class="button" href="#/order?again=${encodeURIComponent(OrderId)}">Order again</a>`;

const unknown = () => html`
  <div class="empty">
    <p class="title">Order not found</p>
    <p>Check the order id. Only the owner and operators can see an order.</p>
  </div>
`;
