import { Refused } from "../failures.js";
import { SAMPLES, orderOf, problemsIn, problemsOf, proposedId } from "../orders.js";
import { ORDER_FIELDS, fill, orderFields } from "../parts/order-form.js";
import { orderPath } from "../parts/order-path.js";
import { failureNotice, fieldsOf, focusWrong, haveTheirPlaces, textField } from "../ui.js";
import { html } from "../vendor/lit-html.js";

const SHOWN = [...ORDER_FIELDS, "OrderId"];

/** @param {import("../app.js").Page} page */
export function open({ orders, update, say }) {
  const id = proposedId();
  let problems = {};
  let failure = null;
  let isBusy = false;

  async function place(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const order = orderOf(fieldsOf(form));
    failure = null;
    problems = problemsOf(order);
    if (Object.keys(problems).length === 0) {
      isBusy = true;
      update();
      await send(form, order);
      isBusy = false;
    }
    update();
    focusWrong(form);
  }

  async function send(form, order) {
    try {
      await orders.post("/orders", order);
      form.elements.CC.value = "";
      say("The order is accepted.");
      location.hash = `#/orders/${encodeURIComponent(order.OrderId)}`;
    } catch (caught) {
      problems = caught instanceof Refused ? problemsIn(caught) : {};
      failure = haveTheirPlaces(problems, SHOWN) ? null : caught;
    }
  }

  function useSample(event, { title, ...sample }) {
    problems = {};
    fill(event.currentTarget.closest("form"), sample);
    update();
    say(`Filled in: ${title}.`);
  }

  const body = () => html`
    <p class="lead">It is recorded, checked, and ends in exactly one queue. You can watch it get there.</p>
    <div class="beside">
      ${theForm()}
      <aside class="card" aria-labelledby="then">
        <h2 id="then">What happens then</h2>
        ${orderPath(null)}
      </aside>
    </div>
  `;

  const theForm = () => html`
    <form class="card" novalidate @submit=${place}>
      <div class="samples" role="group" aria-label="Fill in a sample">
        <span aria-hidden="true">Fill in a sample</span>
        ${SAMPLES.map(
          (sample) =>
            html`<button type="button" class="small" @click=${(event) => useSample(event, sample)}>
              ${sample.title}
            </button>`,
        )}
      </div>
      ${orderFields({ form: "order", values: {}, problems, isOwn: true })}
      ${textField({
        form: "order",
        name: "OrderId",
        label: "Order id",
        value: id,
        maxlength: 64,
        hint: "Ours, or one of your own. The same order sent twice is placed once.",
        problem: problems.OrderId,
      })}
      ${failureNotice(failure)}
      <button class="primary" ?disabled=${isBusy}>${isBusy ? "Placing it…" : "Place the order"}</button>
    </form>
  `;
  return body;
}
