import { REASONS, REMEDIES } from "../orders.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Order } from "../orders.js" */

/** For a reason that the API got after this page was loaded. */
const UNKNOWN = "The order did not pass a check.";

/**
 * Renders the reasons why an order was escalated.
 *
 * @param {Order} order
 * @param {{remedies?: boolean}} [options] `remedies`: also what its owner can do about each
 */
export function reasons({ Reasons }, { remedies = false } = {}) {
  return Reasons.length
    ? html`<ul class="reasons" aria-label="Reasons">
        ${Reasons.map((reason) => html`<li>${REASONS[reason] ?? UNKNOWN} ${remedies ? REMEDIES[reason] : nothing}</li>`)}
      </ul>`
    : nothing;
}
