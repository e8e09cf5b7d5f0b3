import { Refused } from "../../http.js";
import { STATUSES, orderOf, problemsIn, problemsOf } from "../../orders.js";
import { correct, correctionForm } from "../../parts/correction-form.js";
import { ORDER_FIELDS } from "../../parts/order-form.js";
import { failureNotice, fieldsOf, focusOn, focusWrong, haveTheirPlaces } from "../../ui.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Form, Order } from "../../orders.js" */
/** @import { FormEvent, Page, Problems } from "../../types/page.js" */

const BEGIN = "begin-correction";

/** The correction of one order by the person who looks at it. */
export class OwnCorrection {
  #page;
  #sent;
  #reload;
  #isOpen = false;
  #isBusy = false;
  /** @type {Problems} */
  #problems = {};
  /** @type {Error | null} */
  #failure = null;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {object} actions
   * @param {(corrected: Form, before: Order) => void} actions.sent is called when the API has accepted a correction
   * @param {() => void} actions.reload is called when the API has not, because somebody else may have changed the order
   */
  constructor(page, { sent, reload }) {
    this.#page = page;
    this.#sent = sent;
    this.#reload = reload;
  }

  // Actions

  /** @param {boolean} isOpen */
  #open(isOpen) {
    this.#isOpen = isOpen;
    this.#problems = {};
    this.#failure = null;
    this.#page.update();
    focusOn(isOpen ? "correct-Name" : BEGIN);
  }

  /**
   * @param {FormEvent} event
   * @param {Order} order
   */
  async #submit(event, order) {
    event.preventDefault();
    const form = event.currentTarget;
    const corrected = orderOf({ ...fieldsOf(form), OrderId: order.OrderId });
    this.#failure = null;
    this.#problems = problemsOf(corrected);
    if (Object.keys(this.#problems).length === 0) {
      this.#isBusy = true;
      this.#page.update();
      await this.#send(corrected, order);
      this.#isBusy = false;
    }
    this.#page.update();
    focusWrong(form);
  }

  /**
   * @param {Form} corrected
   * @param {Order} order
   */
  async #send(corrected, order) {
    try {
      await correct(this.#page.orders, corrected, ({ Status }) => STATUSES[Status].word);
      this.#isOpen = false;
      this.#sent(corrected, order);
    } catch (caught) {
      this.#problems = caught instanceof Refused ? problemsIn(caught) : {};
      this.#failure = haveTheirPlaces(this.#problems, ORDER_FIELDS) ? null : caught;
      if (this.#failure) {
        this.#reload();
      }
    }
  }

  // Rendering

  /**
   * @param {Order} order
   * @param {unknown} otherButtons
   */
  render(order, otherButtons) {
    const isPossible = isCorrectable(order);
    return html`
      ${failureNotice(this.#failure)}
      ${
        this.#isOpen && isPossible
          ? this.#form(order)
          : html`<p class="buttons">${isPossible ? this.#button(order) : nothing} ${otherButtons}</p>`
      }
    `;
  }

  /** @param {Order} order */
  #button({ Status }) {
    const look = Status === "ESCALATED" ? "primary" : "";
    return html`<button type="button" id=${BEGIN} class=${look} @click=${() => this.#open(true)}>
      Correct and send again
    </button>`;
  }

  /** @param {Order} order */
  #form(order) {
    return html`
      <section class="card" aria-labelledby="correction">
        <h2 id="correction">Correct and send again</h2>
        ${correctionForm({
          order,
          problems: this.#problems,
          isOwn: !this.#page.session.person?.isOperator,
          isBusy: this.#isBusy,
          submit: (event) => this.#submit(event, order),
          leave: () => this.#open(false),
        })}
      </section>
    `;
  }
}

/**
 * An order that is in the fulfillment queue must not be sent again, even if its status is out of date.
 *
 * @param {Order} order
 */
const isCorrectable = ({ Status, Queue }) =>
  Status === "ESCALATED" || (Status === "PARKED" && Queue !== "OrderFulfillmentQueue");
