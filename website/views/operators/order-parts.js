/** Renders an order in an operator's list, and the form that closes it. */

import { priceText } from "../../orders.js";
import { textArea } from "../../parts/controls.js";
import { idText } from "../../parts/id.js";
import { timeText } from "../../times.js";
import { html } from "../../vendor/lit-html.js";
import { beginId } from "./work.js";

/** @import { Order } from "../../orders.js" */
/** @import { FormEvent } from "../../types/page.js" */
/** @import { Kind } from "./work.js" */

/** @param {Order} order */
export const about = ({ OrderId, ItemName, Name, Price, UpdatedAt }) => html`
  <a class="title" href="#/orders/${encodeURIComponent(OrderId)}" dir="auto">${ItemName}</a>
  <p class="quiet">
    <span dir="auto">${Name}</span> · <span class="number">${priceText(Price)}</span> · ${idText(OrderId)} ·
    <time datetime=${UpdatedAt}>${timeText(UpdatedAt)}</time>
  </p>
`;

/**
 * @param {Order} order
 * @param {{isReady: boolean, begin: (kind: Kind) => void}} work
 */
export const buttons = ({ OrderId }, { isReady, begin }) => html`
  <p class="buttons">
    <button
      type="button"
      class="small"
      id=${beginId(OrderId)}
      aria-label="Correct order ${OrderId}"
      ?disabled=${!isReady}
      @click=${() => begin("correct")}
    >
      Correct
    </button>
    <button
      type="button"
      class="small"
      aria-label="Close order ${OrderId}"
      ?disabled=${!isReady}
      @click=${() => begin("close")}
    >
      Close
    </button>
  </p>
`;

/**
 * @param {object} form
 * @param {Order} form.order
 * @param {string | undefined} form.problem
 * @param {boolean} form.isBusy
 * @param {(event: FormEvent) => void} form.submit
 * @param {() => void} form.leave
 * @param {unknown} form.above
 */
export const closingForm = ({ order, problem, isBusy, submit, leave, above }) => html`
  <form class="inset full" novalidate aria-label="Close order ${order.OrderId}" @submit=${submit}>
    ${above}
    ${textArea({
      form: "close",
      name: "note",
      label: "Note",
      maxlength: 500,
      rows: 2,
      hint: "The owner of the order can read this note.",
      problem,
    })}
    <p class="buttons">
      <button class="primary" ?disabled=${isBusy}>Close the order</button>
      <button type="button" @click=${leave}>Not now</button>
    </p>
  </form>
`;
