import { Refused } from "../http.js";
import { SAMPLES, isOrderId, orderOf, problemsIn, problemsOf, proposedId } from "../orders.js";
import { ORDER_FIELDS, fill, orderFields } from "../parts/order-form.js";
import { howItWorks, orderPath } from "../parts/order-path.js";
import { shown } from "../parts/shown.js";
import { Resource } from "../resource.js";
import { failureNotice, fieldsOf, focusWrong, haveTheirPlaces, textField } from "../ui.js";
import { html } from "../vendor/lit-html.js";

/** @import { Form, Order } from "../orders.js" */
/** @import { ButtonEvent, FormEvent, Page, Problems } from "../types/page.js" */

const SHOWN = [...ORDER_FIELDS, "OrderId"];

/** The form that places an order. With `again` in the address, it is filled in from that order. */
export class PlaceOrder {
  #page;
  /** @type {Resource<Partial<Order>> | null} the order to place again; without fields if it is not found */
  #earlier = null;
  #id = proposedId();
  /** @type {Problems} */
  #problems = {};
  /** @type {Error | null} */
  #failure = null;
  #isBusy = false;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    const again = page.query.get("again");
    if (again && isOrderId(again)) {
      this.#earlier = new Resource(page, () => this.#lookUp(again));
    }
  }

  // Actions

  /**
   * @param {string} id
   * @returns {Promise<Partial<Order>>}
   */
  async #lookUp(id) {
    const { orders, signal } = this.#page;
    try {
      return (await orders.get(`/orders/${encodeURIComponent(id)}`, { signal })).body;
    } catch (failure) {
      if (failure instanceof Refused && failure.status === 404) {
        return {};
      }
      throw failure;
    }
  }

  /** @param {FormEvent} event */
  #place = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const order = orderOf(fieldsOf(form));
    this.#failure = null;
    this.#problems = problemsOf(order);
    if (Object.keys(this.#problems).length === 0) {
      this.#isBusy = true;
      this.#page.update();
      await this.#send(form, order);
      this.#isBusy = false;
    }
    this.#page.update();
    focusWrong(form);
  };

  /**
   * @param {HTMLFormElement} form
   * @param {Form} order
   */
  async #send(form, order) {
    try {
      await this.#page.orders.post("/orders", order);
      fill(form, { CC: "" });
      this.#page.say("Order accepted.");
      location.hash = `#/orders/${encodeURIComponent(order.OrderId)}`;
    } catch (caught) {
      this.#problems = caught instanceof Refused ? problemsIn(caught) : {};
      this.#failure = haveTheirPlaces(this.#problems, SHOWN) ? null : caught;
    }
  }

  /**
   * @param {ButtonEvent} event
   * @param {typeof SAMPLES[number]} sample
   */
  #useSample({ currentTarget: { form } }, { title, ...sample }) {
    this.#problems = {};
    if (form) {
      fill(form, sample);
    }
    this.#page.update();
    this.#page.say(`Filled in: ${title}.`);
  }

  // Rendering

  render() {
    return html`
      <p class="lead">We record your order, check it, and send it to fulfillment. You can follow each step.</p>
      <div class="beside">
        ${this.#earlier ? shown(this.#earlier, (earlier) => this.#form(earlier), { lines: 5 }) : this.#form({})}
        <aside class="card" aria-labelledby="then">
          <h2 id="then">What happens next</h2>
          ${orderPath(null)} ${howItWorks()}
        </aside>
      </div>
    `;
  }

  /** @param {Partial<Order>} earlier */
  #form(earlier) {
    return html`
      <form class="card" novalidate @submit=${this.#place}>
        ${earlier.OrderId ? copied(earlier.OrderId) : this.#samples()}
        ${orderFields({ form: "order", values: earlier, problems: this.#problems, isOwn: true })}
        ${textField({
          form: "order",
          name: "OrderId",
          label: "Order id",
          value: this.#id,
          maxlength: 64,
          hint: "Keep this id or choose your own. Sending the same order twice creates it once.",
          problem: this.#problems.OrderId,
        })}
        ${failureNotice(this.#failure)}
        <button class="primary" ?disabled=${this.#isBusy}>
          ${this.#isBusy ? "Placing the order…" : "Place the order"}
        </button>
      </form>
    `;
  }

  #samples() {
    return html`
      <div class="samples" role="group" aria-label="Fill in a sample">
        <span aria-hidden="true">Fill in a sample</span>
        ${SAMPLES.map((sample) => this.#sampleButton(sample))}
      </div>
    `;
  }

  /** @param {typeof SAMPLES[number]} sample */
  #sampleButton(sample) {
    const use = (/** @type {ButtonEvent} */ event) => this.#useSample(event, sample);
    return html`<button type="button" class="small" @click=${use}>${sample.title}</button>`;
  }
}

/** @param {string} id */
const copied = (id) => html`
  <p class="quiet">
    Filled in from your order <a class="id" href="#/orders/${encodeURIComponent(id)}">${id}</a>. Enter the card number
    again: we have not kept it.
  </p>
`;
