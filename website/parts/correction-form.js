import { Unchanged } from "../http.js";
import { html } from "../vendor/lit-html.js";
import { orderFields } from "./order-form.js";

/** @import { Api } from "../api.js" */
/** @import { Form, Order } from "../orders.js" */
/** @import { Answer, FormEvent, Problems } from "../types/page.js" */

/**
 * Renders the form that corrects an order. It is filled in, without the card number, which nobody has kept.
 *
 * @param {object} form
 * @param {Order} form.order
 * @param {Problems} form.problems
 * @param {boolean} form.isOwn whether the user has placed the order
 * @param {boolean} form.isBusy
 * @param {(event: FormEvent) => void} form.submit
 * @param {() => void} form.leave
 * @param {unknown} [form.above] shown above the fields
 */
export const correctionForm = ({ order, problems, isOwn, isBusy, submit, leave, above }) => html`
  <form class="inset full" novalidate aria-label="Correct order ${order.OrderId}" @submit=${submit}>
    ${above} ${orderFields({ form: "correct", values: order, problems, isOwn })}
    <p class="buttons">
      <button class="primary" ?disabled=${isBusy}>${isBusy ? "Sending…" : "Send it again"}</button>
      <button type="button" @click=${leave}>Not now</button>
    </p>
  </form>
`;

/**
 * Sends a correction.
 *
 * @param {Api} orders
 * @param {Form} corrected
 * @param {(order: Order) => string} statusOf returns the words for the status of an order
 * @returns {Promise<Answer>}
 * @throws {Unchanged} if the order already has these values; its `order` is the order as it is now
 */
export async function correct(orders, corrected, statusOf) {
  const answer = await orders.put(`/orders/${encodeURIComponent(corrected.OrderId)}`, corrected);
  if (answer.status !== 202) {
    const status = statusOf(answer.body);
    throw new Unchanged(
      `Nothing changed: order ${corrected.OrderId} already has these values. Its status is “${status}”.`,
      answer.body,
    );
  }
  return answer;
}
