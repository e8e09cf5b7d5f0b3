import { STATUSES, priceText } from "../../orders.js";
import { confirmButton } from "../../parts/confirm.js";
import { chip, empty, shown } from "../../parts/shown.js";
import { Resource } from "../../resource.js";
import { repeat } from "../../vendor/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Order, Status } from "../../orders.js" */
/** @import { ParkedList as Parked, ParkedMessage as Message, ParkedOrder } from "../../types/orders.js" */
/** @import { Page } from "../../types/page.js" */
/** @import { Work } from "./work.js" */

/** An order parked in this state is already in its queue. Rows of an earlier version do not show that themselves. */
const RECORDING = "Record the outcome";

const IN_QUEUE = "This order is already in its queue; only its status is out of date. Do not resend or close it.";
const IN_ESCALATION = "This order is already escalated; only its status is out of date. Correct or close it.";
const PERHAPS_IN_QUEUE =
  "Not all parked messages are shown, and this order’s message is missing. Look for the message first. " +
  `If it names the state “${RECORDING}”, the order is already in its queue.`;

/** The messages that the workflow has parked. */
export class ParkedMessages {
  #page;
  #work;
  /** @type {Resource<Parked>} */
  #parked;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   */
  constructor(page, work) {
    this.#page = page;
    this.#work = work;
    const { orders, signal } = page;
    this.#parked = new Resource(page, async () => (await orders.get("/parked", { signal })).body);
  }

  /** Whether the messages have been loaded, or loading them failed. */
  get isKnown() {
    return Boolean(this.#parked.value || this.#parked.failure);
  }

  /**
   * Returns what an operator must know before sending a parked order again or closing it.
   *
   * @param {Order} order
   * @returns {{isQueued?: boolean, words?: string}}
   */
  warningOf({ OrderId, Queue }) {
    if (Queue === "EscalationQueue") {
      return { words: IN_ESCALATION };
    }
    const own = this.#parked.value?.items.filter((item) => item.OrderId === OrderId) ?? [];
    if (Queue || own.some(({ State }) => State === RECORDING)) {
      return { isQueued: true, words: IN_QUEUE };
    }
    if (!own.length && (this.#parked.failure || this.#parked.value?.left)) {
      return { words: PERHAPS_IN_QUEUE };
    }
    return {};
  }

  // Actions

  reload() {
    this.#parked.load();
  }

  /** @param {Message} message */
  #remove({ MessageId }) {
    const { orders } = this.#page;
    this.#work.act(() => orders.delete(`/parked/${encodeURIComponent(MessageId)}`), {
      done: () => "Message removed.",
      settle: () => {
        const { value } = this.#parked;
        if (value) {
          value.items = value.items.filter((one) => one.MessageId !== MessageId);
        }
      },
      focus: "messages",
    });
  }

  // Rendering

  render() {
    return html`
      <section aria-labelledby="messages">
        <h2 id="messages" tabindex="-1">Parked messages</h2>
        <p class="quiet">The workflow could not handle these. Remove a message when nothing is left to do about it.</p>
        ${shown(this.#parked, (parked) => this.#list(parked))}
      </section>
    `;
  }

  /** @param {Parked} parked */
  #list({ items, left }) {
    const rows = () =>
      html`<ul class="rows">
        ${repeat(
          items,
          ({ MessageId }) => MessageId,
          (message) => this.#row(message),
        )}
      </ul>`;
    return [
      items.length
        ? rows()
        : left
          ? empty("No messages can be shown now", "Another reader may hold them. Reload in half a minute.")
          : empty("No parked messages"),
      left ? html`<p class="quiet">About ${left} more are not shown.</p>` : nothing,
    ];
  }

  /** @param {Message} message */
  #row(message) {
    const { asked, ask, isBusy } = this.#work;
    return html`
      <li class="card row wrap">
        ${about(message)}
        <div class="end">
          ${confirmButton({
            id: `remove-${message.MessageId}`,
            label: "Remove",
            about: `message about ${message.OrderId ?? "no valid order"}, ${message.Error}`,
            question: "Has somebody handled this message?",
            yes: "Yes, remove it",
            asked,
            ask,
            act: () => this.#remove(message),
            isBusy,
          })}
        </div>
      </li>
    `;
  }
}

/** @param {Message} message */
const about = (message) => html`
  <div class="grow">
    <p class="title">${message.Error}</p>
    <p class="quiet">
      ${message.State ? html`parked in the state “${message.State}”` : "parked between two states"}
      ${message.OrderId ? html` · order ${orderLink(message.OrderId)}` : " · no valid order"}
      ${message.Status ? html` · ${chip(STATUSES[/** @type {Status} */ (message.Status)])}` : nothing}
      ${message.Queue ? html` · already in ${message.Queue}` : nothing}
      ${message.Copies > 1 ? html` · sent ${message.Copies} times` : nothing}
    </p>
    ${message.Order ? contentOf(message.Order) : nothing}
    <p class="quiet id">${message.ExecutionId}</p>
  </div>
`;

/** @param {string} id */
const orderLink = (id) => html`<a class="id" href="#/orders/${encodeURIComponent(id)}">${id}</a>`;

/** @param {ParkedOrder} order */
const contentOf = ({ ItemName, Name, Price }) => html`
  <p dir="auto">${ItemName} for ${Name}, ${Price === null ? Price : priceText(Price)}</p>
`;
