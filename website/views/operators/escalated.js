import { Pages } from "../../pages.js";
import { more } from "../../parts/more.js";
import { empty, shown } from "../../parts/shown.js";
import { repeat } from "../../vendor/directives/repeat.js";
import { html } from "../../vendor/lit-html.js";
import { OrderRows } from "./order-rows.js";

/** @import { Order } from "../../orders.js" */
/** @import { Page } from "../../types/page.js" */
/** @import { CorrectedOrders } from "./corrected.js" */
/** @import { Work } from "./work.js" */

const STATUS = "ESCALATED";
const HEADING = "escalated";

/** The orders that did not pass their checks. */
export class EscalatedOrders {
  #page;
  /** @type {Pages<Order>} */
  #orders;
  #rows;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   * @param {CorrectedOrders} corrected
   */
  constructor(page, work, corrected) {
    this.#page = page;
    const ask = (/** @type {string | null} */ next) =>
      page.orders.get("/orders", { query: { status: STATUS, next }, signal: page.signal });
    this.#orders = new Pages(page, ask, "orders");
    const drop = (/** @type {Order} */ { OrderId }) => {
      this.#orders.value = this.#orders.value?.filter((one) => one.OrderId !== OrderId);
    };
    this.#rows = new OrderRows(page, work, { status: STATUS, heading: HEADING, drop, corrected });
  }

  // Actions

  reload() {
    this.#orders.load();
  }

  // Rendering

  render() {
    const { value, next } = this.#orders;
    if (value) {
      this.#page.counts?.note("escalated", value.length, Boolean(next));
    }
    return html`
      <section aria-labelledby=${HEADING}>
        <h2 id=${HEADING} tabindex="-1">Escalated orders</h2>
        ${shown(this.#orders, (list) => (list.length ? this.#list(list) : empty("No escalated orders")))}
        ${more(this.#orders, "escalated orders")}
      </section>
    `;
  }

  /** @param {Order[]} list */
  #list(list) {
    return html`<ul class="rows">
      ${repeat(
        list,
        ({ OrderId }) => OrderId,
        (order) => this.#rows.render(order),
      )}
    </ul>`;
  }
}
