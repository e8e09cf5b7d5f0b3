import { Refused } from "../http.js";
import { STATUSES, priceText, problemsIn } from "../orders.js";
import { Pages } from "../pages.js";
import { reloadButton } from "../parts/controls.js";
import { idText } from "../parts/id.js";
import { more } from "../parts/more.js";
import { reasons } from "../parts/reasons.js";
import { chip, empty, shown } from "../parts/shown.js";
import { timeText } from "../times.js";
import { haveTheirPlaces } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";
import { addressOf, isEmpty, queryOf, resetForm, searchForm, searchOf } from "../parts/order-search.js";

/** @import { Order } from "../orders.js" */
/** @import { Answer, Page } from "../types/page.js" */

const FIELDS = ["text", "from", "to"];
/** The API reads a part of the orders for each page. So many pages without a hit are skipped at once. */
const MOST_EMPTY = 20;

/** The person's orders, all or those that a search finds. The address holds the search and the number of pages. */
export class MyOrders {
  #page;
  #search;
  /** @type {Pages<Order>} */
  #found;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    this.#search = searchOf(page.query);
    this.#found = this.#pages(page.query);
  }

  /** @param {URLSearchParams} query */
  async moved(query) {
    this.#search = searchOf(query);
    this.#found = this.#pages(query);
    this.#page.update();
    resetForm();
    await this.#found.load();
    const { value, next } = this.#found;
    if (value) {
      this.#page.say(`${value.length}${next ? " or more" : ""} ${value.length === 1 ? "order" : "orders"} found.`);
    }
  }

  /** @param {URLSearchParams} query */
  #pages(query) {
    const count = Math.max(1, Number(query.get("pages")) || 1);
    return new Pages(this.#page, (next) => this.#ask(next), "orders", count);
  }

  // Actions

  /**
   * @param {string | null} next
   * @returns {Promise<Answer>}
   */
  async #ask(next) {
    const { orders, signal } = this.#page;
    const query = isEmpty(this.#search) ? {} : queryOf(this.#search);
    let answer = await orders.get("/orders", { query: { ...query, next }, signal });
    for (let left = MOST_EMPTY; left && !answer.body.orders.length && answer.body.next; left -= 1) {
      answer = await orders.get("/orders", { query: { ...query, next: answer.body.next }, signal });
    }
    return answer;
  }

  /** Writes the number of pages into the address, so that the way back leads to all of them. */
  #keepCount = () => {
    history.replaceState(null, "", addressOf({ ...this.#search, pages: String(this.#found.count) }));
  };

  // Rendering

  render() {
    const { failure } = this.#found;
    const problems = failure instanceof Refused ? problemsIn(failure) : {};
    const isMistyped = haveTheirPlaces(problems, FIELDS);
    return html`
      ${searchForm(this.#search, problems)}
      <div class="bar">
        <p class="lead">Newest first.</p>
        ${reloadButton(() => this.#found.load())}
      </div>
      ${isMistyped ? nothing : shown(this.#found, (list) => (list.length ? rows(list) : this.#none()), { lines: 5 })}
      ${more(this.#found, "orders", this.#keepCount)}
    `;
  }

  #none() {
    if (isEmpty(this.#search)) {
      return empty(
        "No orders yet",
        html`Your orders appear here. <a href="#/order">Place your first order</a>, for example one of the samples.`,
      );
    }
    return empty("No orders found", this.#found.next ? "There are older orders: load more of them." : nothing);
  }
}

/** @param {Order[]} list */
const rows = (list) =>
  html`<ul class="rows">
    ${list.map(row)}
  </ul>`;

/** @param {Order} order */
const row = (order) => {
  const { OrderId, ItemName, Price, UpdatedAt, Status } = order;
  const id = encodeURIComponent(OrderId);
  return html`
    <li class="card row">
      <div class="grow">
        <a class="title" href="#/orders/${id}" dir="auto">${ItemName}</a>
        <p class="quiet">
          <span class="number">${priceText(Price)}</span> · ${idText(OrderId)} ·
          <time datetime=${UpdatedAt}>${timeText(UpdatedAt)}</time>
        </p>
        ${reasons(order)}
      </div>
      <div class="end">
        ${chip(STATUSES[Status])}
        <a class="again" href="#/order?again=${id}" aria-label="Order again: ${ItemName}">Order again</a>
      </div>
    </li>
  `;
};
