import { REASONS } from "../orders.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Order } from "../orders.js" */

/**
 * Renders the reasons why an order was escalated.
 *
 * @param {Order} order
 */
export function reasons({ Reasons }) {
  return Reasons.length
    ? html`<ul class="reasons" aria-label="Reasons">
        ${Reasons.map((reason) => html`<li>${REASONS[reason] ?? reason}</li>`)}
      </ul>`
    : nothing;
}
