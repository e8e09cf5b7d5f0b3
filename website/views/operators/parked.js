import { Pages } from "../../pages.js";
import { more } from "../../parts/more.js";
import { empty, shown } from "../../parts/shown.js";
import { Resource } from "../../resource.js";
import { failureNotice } from "../../ui.js";
import { repeat } from "../../vendor/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { OrderRows } from "./order-rows.js";
import { Messages, warningOf } from "./parked-messages.js";

/** @import { Order } from "../../orders.js" */
/** @import { ParkedList, ParkedMessage as Message } from "../../types/orders.js" */
/** @import { Page } from "../../types/page.js" */
/** @import { CorrectedOrders } from "./corrected.js" */
/** @import { Work } from "./work.js" */

const STATUS = "PARKED";
const HEADING = "parked";

/** The orders that the workflow could not finish, each with its messages. Then the messages that belong to none of them. */
export class Parked {
  #page;
  /** @type {Pages<Order>} */
  #orders;
  /** @type {Resource<ParkedList>} */
  #parked;
  #rows;
  #messages;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   * @param {CorrectedOrders} corrected
   */
  constructor(page, work, corrected) {
    this.#page = page;
    const { orders, signal } = page;
    const ask = (/** @type {string | null} */ next) =>
      orders.get("/orders", { query: { status: STATUS, next }, signal });
    this.#orders = new Pages(page, ask, "orders");
    this.#parked = new Resource(page, async () => (await orders.get("/parked", { signal })).body);
    const drop = (/** @type {Order} */ { OrderId }) => {
      this.#orders.value = this.#orders.value?.filter((one) => one.OrderId !== OrderId);
    };
    this.#rows = new OrderRows(page, work, { status: STATUS, heading: HEADING, drop, corrected });
    this.#messages = new Messages(page, work, { heading: HEADING, drop: (message) => this.#dropMessage(message) });
  }

  // Actions

  reload() {
    this.#orders.load();
    this.#parked.load();
  }

  /** @param {Message} message */
  #dropMessage({ MessageId }) {
    const { value } = this.#parked;
    if (value) {
      value.items = value.items.filter((one) => one.MessageId !== MessageId);
    }
  }

  // Rendering

  render() {
    const { value, next } = this.#orders;
    if (value) {
      this.#page.counts?.note("parked", value.length, Boolean(next));
    }
    return html`
      <section aria-labelledby=${HEADING}>
        <h2 id=${HEADING} tabindex="-1">Parked orders</h2>
        <p class="quiet">
          A fault on our side stopped these, and each left a message. Correct the order, then remove the message.
        </p>
        ${shown(this.#orders, (list) => this.#list(list))} ${more(this.#orders, "parked orders")} ${this.#rest()}
      </section>
    `;
  }

  /** @param {Order[]} orders */
  #list(orders) {
    const messages = this.#parked.value?.items ?? [];
    const ids = new Set(orders.map(({ OrderId }) => OrderId));
    const others = messages.filter(({ OrderId }) => !OrderId || !ids.has(OrderId));
    if (!orders.length && !others.length) {
      return this.#parked.value && !this.#parked.value.left ? empty("Nothing is parked") : nothing;
    }
    return html`
      <ul class="rows">
        ${repeat(
          orders,
          ({ OrderId }) => OrderId,
          (order) => this.#row(order, messages),
        )}
        ${repeat(
          others,
          ({ MessageId }) => MessageId,
          (message) => this.#messages.row(message),
        )}
      </ul>
    `;
  }

  /**
   * @param {Order} order
   * @param {Message[]} messages
   */
  #row(order, messages) {
    const own = messages.filter(({ OrderId }) => OrderId === order.OrderId);
    const isWhole = !this.#parked.failure && !this.#parked.value?.left;
    return this.#rows.render(order, {
      ...warningOf(order, own, { isWhole }),
      isReady: Boolean(this.#parked.value || this.#parked.failure),
      below: own.map((message) => this.#messages.part(message)),
    });
  }

  /** Says what is missing in the list of messages. */
  #rest() {
    const { value, failure } = this.#parked;
    if (!value) {
      return shown(this.#parked, () => nothing, { lines: 1 });
    }
    return html`
      ${failureNotice(failure)}
      ${
        value.left && !value.items.length
          ? empty("No messages can be shown now", "Another reader may hold them. Reload in half a minute.")
          : nothing
      }
      ${value.left ? html`<p class="quiet">About ${value.left} more messages are not shown.</p>` : nothing}
    `;
  }
}
