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

/** An order parked in this state is in its queue already. Rows of an earlier version do not say so themselves. */
const RECORDING = "Record the outcome";

const IN_QUEUE = "This order is already in its queue; only its status is out of date. Do not resend or close it.";
const IN_ESCALATION = "This order is already escalated; only its status is out of date. Correct or close it.";
const PERHAPS_IN_QUEUE =
  "Not all parked messages are shown, and this order’s is not among them. If it was parked in " +
  `“${RECORDING}” it is in its queue already: look for its message first.`;

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

  /** Whether the messages were asked for, and came or did not. */
  get isKnown() {
    return Boolean(this.#parked.value || this.#parked.failure);
  }

  /**
   * What its messages say about an order that is parked, for whoever is about to send it again or close it.
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
      done: () => "The message is removed.",
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
        <p class="quiet">They stay until somebody has seen to them and removes them.</p>
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
          ? empty("None can be shown now", "Others may be looking at them. Reload in half a minute.")
          : empty("No messages", "The parked queue is empty."),
      left ? html`<p class="quiet">About ${left} more.</p>` : nothing,
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
            about: `message about ${message.OrderId ?? "no order"}, ${message.Error}`,
            question: "Has somebody seen to it?",
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
      ${message.State ? html`in the state “${message.State}”` : "between two states"}
      ${message.OrderId ? html` · order ${orderLink(message.OrderId)}` : " · no order"}
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
