import { markForOperators, priceText } from "../../orders.js";
import { confirmButton } from "../../parts/confirm.js";
import { executionName, idText } from "../../parts/id.js";
import { chip } from "../../parts/shown.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Order, Status } from "../../orders.js" */
/** @import { ParkedMessage as Message, ParkedOrder } from "../../types/orders.js" */
/** @import { Page } from "../../types/page.js" */
/** @import { Row } from "./order-rows.js" */
/** @import { Work } from "./work.js" */

/** An order parked in this state is already in its queue. Rows of an earlier version do not show that themselves. */
const RECORDING = "Record the outcome";

const IN_QUEUE = "This order is already in its queue; only its status is out of date. Do not resend or close it.";
const IN_ESCALATION = "This order is already escalated; only its status is out of date. Correct or close it.";
const PERHAPS_IN_QUEUE =
  "Not all parked messages are shown, and this order’s message is missing. Look for the message first. " +
  `If it names the state “${RECORDING}”, the order is already in its queue.`;

/**
 * Returns what an operator must know before sending a parked order again or closing it.
 *
 * @param {Order} order
 * @param {Message[]} own the order's messages
 * @param {{isWhole: boolean}} known whether all messages are known
 * @returns {Row}
 */
export function warningOf({ Queue }, own, { isWhole }) {
  if (Queue === "EscalationQueue") {
    return { warning: IN_ESCALATION };
  }
  if (Queue || own.some(({ State }) => State === RECORDING)) {
    return { isQueued: true, warning: IN_QUEUE };
  }
  return own.length || isWhole ? {} : { warning: PERHAPS_IN_QUEUE };
}

/** The messages that the workflow has parked. */
export class Messages {
  #page;
  #work;
  #heading;
  #drop;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   * @param {object} list
   * @param {string} list.heading the id of the list's heading
   * @param {(message: Message) => void} list.drop removes a message from the list
   */
  constructor(page, work, { heading, drop }) {
    this.#page = page;
    this.#work = work;
    this.#heading = heading;
    this.#drop = drop;
  }

  // Actions

  /** @param {Message} message */
  #remove(message) {
    const { orders } = this.#page;
    this.#work.act(() => orders.delete(`/parked/${encodeURIComponent(message.MessageId)}`), {
      done: () => "Message removed.",
      settle: () => this.#drop(message),
      focus: this.#heading,
    });
  }

  // Rendering

  /**
   * Renders a message in the row of its order.
   *
   * @param {Message} message
   */
  part(message) {
    return html`
      <div class="inset full part" role="group" aria-label="Message">
        <div class="grow">
          <p>${message.Error}</p>
          <p class="quiet">${fault(message)}</p>
        </div>
        <div class="end">${this.#button(message)}</div>
      </div>
    `;
  }

  /**
   * Renders a message that belongs to no parked order.
   *
   * @param {Message} message
   */
  row(message) {
    return html`
      <li class="card row wrap">
        <div class="grow">
          <p class="title">${message.Error}</p>
          <p class="quiet">${belongings(message)} · ${fault(message)}</p>
          ${message.Order ? contentOf(message.Order) : nothing}
        </div>
        <div class="end">${this.#button(message)}</div>
      </li>
    `;
  }

  /** @param {Message} message */
  #button(message) {
    const { asked, ask, isBusy } = this.#work;
    return confirmButton({
      id: `remove-${message.MessageId}`,
      label: "Remove",
      about: `message about ${message.OrderId ?? "no valid order"}, ${message.Error}`,
      question: "Has somebody handled this message?",
      yes: "Yes, remove it",
      asked,
      ask,
      act: () => this.#remove(message),
      isBusy,
    });
  }
}

/** @param {Message} message */
const belongings = ({ OrderId, Status }) =>
  OrderId
    ? html`order ${idText(OrderId, { address: `#/orders/${encodeURIComponent(OrderId)}` })}
      ${Status ? html` · ${chip(markForOperators(/** @type {Status} */ (Status)))}` : nothing}`
    : "no valid order";

/** @param {Message} message */
const fault = ({ State, Queue, Copies, ExecutionId }) => html`
  ${State ? html`parked in the state “${State}”` : "parked between two states"}
  ${Queue ? html` · already in ${Queue}` : nothing} ${Copies > 1 ? html` · sent ${Copies} times` : nothing}
  ${ExecutionId ? html` · execution ${idText(ExecutionId, { name: executionName(ExecutionId) })}` : nothing}
`;

/** @param {ParkedOrder} order */
const contentOf = ({ ItemName, Name, Price }) => html`
  <p dir="auto">${ItemName} for ${Name}, ${Price === null ? Price : priceText(Price)}</p>
`;
