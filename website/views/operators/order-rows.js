import { Unchanged } from "../../http.js";
import { markForOperators, orderOf, problemsOf } from "../../orders.js";
import { correct, correctionForm } from "../../parts/correction-form.js";
import { reasons } from "../../parts/reasons.js";
import { chip } from "../../parts/shown.js";
import { fieldsOf } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";
import { Contacts } from "./contacts.js";
import { about, buttons, closingForm } from "./order-parts.js";

/** @import { Form, Order, Status } from "../../orders.js" */
/** @import { FormEvent, Page } from "../../types/page.js" */
/** @import { CorrectedOrders } from "./corrected.js" */
/** @import { Kind, Work } from "./work.js" */

/**
 * @typedef {object} Row
 * @property {string} [warning] what an operator must know before sending the order again or closing it
 * @property {boolean} [isQueued] whether the order is in the fulfillment queue, so that nothing is left to do
 * @property {boolean} [isReady] false while the page does not know yet what it may offer
 * @property {unknown} [below]
 */

/** The rows of a list of orders that an operator corrects or closes. */
export class OrderRows {
  #page;
  #work;
  #status;
  #heading;
  #drop;
  #corrected;
  #contacts;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   * @param {object} list
   * @param {Status} list.status of the orders in the list
   * @param {string} list.heading the id of the list's heading
   * @param {(order: Order) => void} list.drop removes an order from the list
   * @param {CorrectedOrders} list.corrected
   */
  constructor(page, work, { status, heading, drop, corrected }) {
    this.#page = page;
    this.#work = work;
    this.#status = status;
    this.#heading = heading;
    this.#drop = drop;
    this.#corrected = corrected;
    this.#contacts = new Contacts(page);
  }

  // Actions

  /**
   * @param {Kind} kind
   * @param {string} id the order's id
   */
  #begin(kind, id) {
    this.#work.begin(kind, id);
    this.#contacts.load(id);
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
        settle: () => {
          this.#drop(order);
          this.#corrected.follow(corrected, order);
        },
        focus: this.#heading,
      });
    }
  }

  /**
   * @param {Form} corrected
   * @param {Order} order the row that is shown
   */
  async #put(corrected, order) {
    try {
      return await correct(this.#page.orders, corrected, ({ Status }) => markForOperators(Status).word);
    } catch (caught) {
      if (caught instanceof Unchanged) {
        Object.assign(order, caught.found);
        this.#work.task = order.Status === this.#status ? this.#work.task : null;
      }
      throw caught;
    }
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
        focus: this.#heading,
      });
    }
  }

  // Rendering

  /**
   * @param {Order} order
   * @param {Row} [row]
   */
  render(order, { warning, isQueued = false, isReady = true, below } = {}) {
    const task = isQueued || this.#work.task?.id !== order.OrderId ? null : this.#work.task;
    const hasMoved = order.Status !== this.#status;
    return html`
      <li class="card row wrap">
        <div class="grow">
          ${about(order)} ${reasons(order)} ${warning ? html`<p class="reason">${warning}</p>` : nothing}
        </div>
        <div class="end">
          ${hasMoved ? chip(markForOperators(order.Status)) : isQueued || task ? nothing : buttons(order, { isReady, begin: (kind) => this.#begin(kind, order.OrderId) })}
        </div>
        ${below} ${task ? this.#form(order) : nothing}
      </li>
    `;
  }

  /** @param {Order} order */
  #form(order) {
    const { task, problems, isBusy } = this.#work;
    const leave = () => this.#work.leave(order.OrderId);
    const form = { order, isBusy, leave, above: this.#contacts.render(order.OrderId) };
    if (task?.kind === "close") {
      return closingForm({ ...form, problem: problems.note, submit: (event) => this.#close(event, order) });
    }
    return correctionForm({ ...form, problems, isOwn: false, submit: (event) => this.#correct(event, order) });
  }
}
