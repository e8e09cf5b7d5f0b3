import { Unchanged } from "../../http.js";
import { STATUSES, orderOf, priceText, problemsOf } from "../../orders.js";
import { Pages } from "../../pages.js";
import { textArea } from "../../parts/controls.js";
import { more } from "../../parts/more.js";
import { orderFields } from "../../parts/order-form.js";
import { reasons } from "../../parts/reasons.js";
import { chip, empty, shown } from "../../parts/shown.js";
import { timeText } from "../../times.js";
import { fieldsOf } from "../../ui.js";
import { repeat } from "../../vendor/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { beginId } from "./work.js";

/** @import { Form, Order } from "../../orders.js" */
/** @import { FormEvent, Page } from "../../types/page.js" */
/** @import { ParkedMessages } from "./parked.js" */
/** @import { Kind, Work } from "./work.js" */

/** @type {Record<string, {id: string, title: string, none: string}>} by the orders' status */
const LISTS = {
  ESCALATED: { id: "escalated", title: "Escalated orders", none: "No escalated orders" },
  PARKED: { id: "parked", title: "Parked orders", none: "No parked orders" },
};

/** Orders of one status that an operator corrects or closes. */
export class WaitingOrders {
  #page;
  #work;
  #parked;
  #status;
  /** @type {Pages<Order>} */
  #orders;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   * @param {ParkedMessages} parked
   * @param {"ESCALATED" | "PARKED"} status
   */
  constructor(page, work, parked, status) {
    this.#page = page;
    this.#work = work;
    this.#parked = parked;
    this.#status = status;
    const ask = (/** @type {string | null} */ next) =>
      page.orders.get("/orders", { query: { status, next }, signal: page.signal });
    this.#orders = new Pages(page, ask, "orders");
  }

  // Actions

  reload() {
    this.#orders.load();
  }

  /**
   * @param {FormEvent} event
   * @param {Order} order
   */
  #correct(event, order) {
    event.preventDefault();
    const form = event.currentTarget;
    const corrected = orderOf({ ...fieldsOf(form), OrderId: order.OrderId });
    if (this.#work.passes(problemsOf(corrected), form)) {
      this.#work.act(() => this.#put(corrected, order), {
        done: () => `Order ${order.OrderId} is corrected and in progress again.`,
        settle: () => this.#drop(order),
        focus: LISTS[this.#status].id,
      });
    }
  }

  /**
   * @param {Form} corrected
   * @param {Order} order the row that is shown
   */
  async #put(corrected, order) {
    const answer = await this.#page.orders.put(`/orders/${encodeURIComponent(order.OrderId)}`, corrected);
    if (answer.status !== 202) {
      Object.assign(order, answer.body);
      this.#work.task = order.Status in LISTS ? this.#work.task : null;
      const { word } = STATUSES[order.Status];
      throw new Unchanged(`Nothing changed: order ${order.OrderId} already has these values. Its status is “${word}”.`);
    }
    return answer;
  }

  /**
   * @param {FormEvent} event
   * @param {Order} order
   */
  #close(event, order) {
    event.preventDefault();
    const form = event.currentTarget;
    const { note } = fieldsOf(form);
    if (this.#work.passes(note.trim() ? {} : { note: "Enter the reason for closing the order." }, form)) {
      this.#work.act(() => this.#page.orders.post(`/orders/${encodeURIComponent(order.OrderId)}/close`, { note }), {
        done: () => `Order ${order.OrderId} is closed.`,
        settle: () => this.#drop(order),
        focus: LISTS[this.#status].id,
      });
    }
  }

  /** @param {Order} order */
  #drop({ OrderId }) {
    this.#orders.value = this.#orders.value?.filter((one) => one.OrderId !== OrderId);
  }

  // Rendering

  render() {
    const { id, title, none } = LISTS[this.#status];
    const rows = (/** @type {Order[]} */ list) =>
      html`<ul class="rows">
        ${repeat(
          list,
          ({ OrderId }) => OrderId,
          (order) => this.#row(order),
        )}
      </ul>`;
    return html`
      <section aria-labelledby=${id}>
        <h2 id=${id} tabindex="-1">${title}</h2>
        ${shown(this.#orders, (list) => (list.length ? rows(list) : empty(none)))}
        ${more(this.#orders, title.toLowerCase())}
      </section>
    `;
  }

  /** @param {Order} order */
  #row(order) {
    const { isQueued, words } = this.#status === "PARKED" ? this.#parked.warningOf(order) : {};
    const task = isQueued || this.#work.task?.id !== order.OrderId ? null : this.#work.task;
    const end =
      order.Status !== this.#status ? chip(STATUSES[order.Status]) : isQueued || task ? nothing : this.#buttons(order);
    return html`
      <li class="card row wrap">
        <div class="grow">
          <a class="title" href="#/orders/${encodeURIComponent(order.OrderId)}" dir="auto">${order.ItemName}</a>
          <p class="quiet">
            <span dir="auto">${order.Name}</span> · <span class="number">${priceText(order.Price)}</span> ·
            <span class="id">${order.OrderId}</span> ·
            <time datetime=${order.UpdatedAt}>${timeText(order.UpdatedAt)}</time>
          </p>
          ${reasons(order)} ${words ? html`<p class="reason">${words}</p>` : nothing}
        </div>
        <div class="end">${end}</div>
        ${task ? this.#form(task.kind, order) : nothing}
      </li>
    `;
  }

  /** @param {Order} order */
  #buttons({ OrderId }) {
    const isKnown = this.#status !== "PARKED" || this.#parked.isKnown;
    return html`
      <p class="buttons">
        <button
          type="button"
          class="small"
          id=${beginId(OrderId)}
          aria-label="Correct order ${OrderId}"
          ?disabled=${!isKnown}
          @click=${() => this.#work.begin("correct", OrderId)}
        >
          Correct
        </button>
        <button
          type="button"
          class="small"
          aria-label="Close order ${OrderId}"
          ?disabled=${!isKnown}
          @click=${() => this.#work.begin("close", OrderId)}
        >
          Close
        </button>
      </p>
    `;
  }

  /**
   * @param {Kind} kind
   * @param {Order} order
   */
  #form(kind, order) {
    return kind === "correct" ? this.#correction(order) : this.#closing(order);
  }

  /** @param {Order} order */
  #correction(order) {
    const { problems } = this.#work;
    return html`
      <form
        class="inset full"
        novalidate
        aria-label="Correct order ${order.OrderId}"
        @submit=${(/** @type {FormEvent} */ event) => this.#correct(event, order)}
      >
        ${orderFields({ form: "correct", values: order, problems, isOwn: false })}
        ${this.#taskButtons("Send it again", order)}
      </form>
    `;
  }

  /** @param {Order} order */
  #closing(order) {
    return html`
      <form
        class="inset full"
        novalidate
        aria-label="Close order ${order.OrderId}"
        @submit=${(/** @type {FormEvent} */ event) => this.#close(event, order)}
      >
        ${textArea({
          form: "close",
          name: "note",
          label: "Note",
          maxlength: 500,
          rows: 2,
          hint: "The owner of the order can read this note.",
          problem: this.#work.problems.note,
        })}
        ${this.#taskButtons("Close the order", order)}
      </form>
    `;
  }

  /**
   * @param {string} label
   * @param {Order} order
   */
  #taskButtons(label, { OrderId }) {
    return html`
      <p class="buttons">
        <button class="primary" ?disabled=${this.#work.isBusy}>${label}</button>
        <button type="button" @click=${() => this.#work.leave(OrderId)}>Not now</button>
      </p>
    `;
  }
}
