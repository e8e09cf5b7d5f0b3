import { CHOICE, ENDS, STATES, pathOf } from "../orders.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Order, Signed, State, Step } from "../orders.js" */
/** @import { Tone } from "../types/page.js" */

/** @type {Record<Signed, string>} */
const SIGNS = {
  done: "M5 10.5 8.5 14 15 6.5",
  current: "M10 3.5a6.5 6.5 0 1 0 .1 0M10 6.8V10l2 1.6",
  next: "M10 10h.1",
  possible: "M10 10h.1",
  unclear: "M8 7.5a2 2 0 1 1 2.6 2c-.6.3-.6.8-.6 1.5M10 14h.1",
  passed: "M6.5 10h7",
};

/**
 * The signs of an order's outcome. An order that needs somebody is not "done", so it has no check mark.
 *
 * @type {Partial<Record<Tone, string>>}
 */
const OUTCOMES = { care: "M10 5v6M10 14.2v.6", busy: SIGNS.current, quiet: SIGNS.passed };

/** @type {Step} */
const CLOSING = { title: "Closed by an operator", mark: "done", word: "done" };

/**
 * Renders the order's path through the workflow: a list that looks like a diagram.
 *
 * @param {Order | null} order null before there is one
 */
export function orderPath(order) {
  const { states, ends, isClosed } = pathOf(order);
  return html`
    <ol class="path" aria-label="The order’s path">
      ${states.map((state) => html`<li class=${state.mark} aria-current=${current(state)}>${node(state)}</li>`)}
      <li class="fork">
        <ul aria-label="Possible outcomes">
          ${ends.map((end) => html`<li class="${end.mark} ${end.tone}">${node(end, end.tone)}</li>`)}
        </ul>
      </li>
      ${isClosed ? html`<li class="done closing">${node(CLOSING)}</li>` : nothing}
    </ol>
  `;
}

/** @param {Step} step */
const current = ({ mark }) => (mark === "current" ? "step" : nothing);

/**
 * @param {Step} step
 * @param {Tone} [tone] of an outcome
 */
const node = ({ title, mark, word }, tone = "good") => html`
  <span class="node">
    <svg viewBox="0 0 20 20" aria-hidden="true"><path d=${(mark === "done" && OUTCOMES[tone]) || SIGNS[mark]} /></svg>
    <span class="name">${title}</span>
    <span class="word">${word}</span>
  </span>
`;

/** Renders the workflow's own name of each step. */
export const howItWorks = () => html`
  <details class="how">
    <summary>How it works</summary>
    <p class="quiet">A Step Functions workflow processes each order. These are its states:</p>
    <dl class="named">
      ${STATES.map(named)}
      <div>
        <dt>then it chooses one of these</dt>
        <dd>${CHOICE}</dd>
      </div>
      ${Object.values(ENDS).map(named)}
    </dl>
  </details>
`;

/** @param {State} state */
const named = ({ name, title }) => html`
  <div>
    <dt>${title}</dt>
    <dd>${name}</dd>
  </div>
`;
