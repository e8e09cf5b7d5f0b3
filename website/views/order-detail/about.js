/** Renders an order that its owner or an operator looks at. */

import { STATUSES, priceText } from "../../orders.js";
import { howItWorks, orderPath } from "../../parts/order-path.js";
import { reasons } from "../../parts/reasons.js";
import { chip } from "../../parts/shown.js";
import { timeText } from "../../times.js";
import { html, nothing } from "../../vendor/lit-html.js";

/** @import { Order } from "../../orders.js" */

/**
 * @param {Order} order
 * @param {{isOperator?: boolean}} [person]
 */
export function progress(order, { isOperator = false } = {}) {
  const status = STATUSES[order.Status];
  return html`
    <section class="card" aria-label="Path">
      <p class="state">${chip(status)} <span>${status.sentence}</span></p>
      ${orderPath(order)} ${reasons(order, { remedies: order.Status === "ESCALATED" })}
      ${
        order.Queue
          ? html`<p class="quiet">The order is already in its queue. Only this status is out of date.</p>`
          : nothing
      }
      ${order.CorrectedAt ? html`<p class="quiet">${correctionOf(order, isOperator)}</p>` : nothing}
      ${
        order.Note
          ? html`<blockquote>
              <p>${order.Note}</p>
              <footer>The operator’s note</footer>
            </blockquote>`
          : nothing
      }
      ${howItWorks()}
    </section>
  `;
}

/**
 * @param {Order} order
 * @param {boolean} isOperator
 */
const correctionOf = ({ CorrectedAt = "", CorrectedBy }, isOperator) => html`
  ${CorrectedBy === "operator" ? "An operator" : isOperator ? "The owner" : "You"} corrected this order and sent it
  again:
  <time datetime=${CorrectedAt}>${timeText(CorrectedAt)}</time>
`;

/** @param {Order} order */
export const details = (order) => html`
  <section class="card" aria-label="Details">
    <dl class="facts">
      <div>
        <dt>Name</dt>
        <dd dir="auto">${order.Name}</dd>
      </div>
      <div>
        <dt>Item</dt>
        <dd dir="auto">${order.ItemName}</dd>
      </div>
      <div>
        <dt>Price</dt>
        <dd class="number">${priceText(order.Price)}</dd>
      </div>
      <div>
        <dt>Card</dt>
        <dd class="number">${order.Card.Last4 ? `ends in ${order.Card.Last4}` : "unreadable"}</dd>
      </div>
      ${order.ReceivedAt ? moment("Received", order.ReceivedAt) : nothing} ${moment("Last change", order.UpdatedAt)}
    </dl>
  </section>
`;

/**
 * @param {string} label
 * @param {string} instant
 */
const moment = (label, instant) => html`
  <div>
    <dt>${label}</dt>
    <dd><time datetime=${instant}>${timeText(instant)}</time></dd>
  </div>
`;
