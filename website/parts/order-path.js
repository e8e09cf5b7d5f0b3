import { pathOf } from "../orders.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Order, Signed, Step } from "../orders.js" */

/** @type {Record<Signed, string>} */
const SIGNS = {
  done: "M5 10.5 8.5 14 15 6.5",
  current: "M10 3.5a6.5 6.5 0 1 0 .1 0M10 6.8V10l2 1.6",
  next: "M10 10h.1",
  possible: "M10 10h.1",
  unclear: "M8 7.5a2 2 0 1 1 2.6 2c-.6.3-.6.8-.6 1.5M10 14h.1",
  passed: "M6.5 10h7",
};

/** @type {Step} */
const CLOSING = { name: "Closed by an operator", mark: "done", word: "done" };

/**
 * Renders the order's path through the workflow: a list that looks like a diagram.
 *
 * @param {Order | null} order null before there is one
 */
export function orderPath(order) {
  const { states, ends, isClosed } = pathOf(order);
  return html`
    <ol class="path" aria-label="The order’s path through the workflow">
      ${states.map((state) => html`<li class=${state.mark} aria-current=${current(state)}>${node(state)}</li>`)}
      <li class="fork">
        <ul aria-label="Possible outcomes">
          ${ends.map((end) => html`<li class="${end.mark} ${end.tone}">${node(end)}</li>`)}
        </ul>
      </li>
      ${isClosed ? html`<li class="done closing">${node(CLOSING)}</li>` : nothing}
    </ol>
  `;
}

/** @param {Step} step */
const current = ({ mark }) => (mark === "current" ? "step" : nothing);

/** @param {Step} step */
const node = ({ name, mark, word }) => html`
  <span class="node">
    <svg viewBox="0 0 20 20" aria-hidden="true"><path d=${SIGNS[mark]} /></svg>
    <span class="name">${name}</span>
    <span class="word">${word}</span>
  </span>
`;
