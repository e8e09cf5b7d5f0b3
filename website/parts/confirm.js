import { focusOn } from "../ui.js";
import { html } from "../vendor/lit-html.js";

/**
 * Renders a button that asks for a confirmation in its own place.
 *
 * @param {object} button
 * @param {string} button.id unique on the page
 * @param {string} button.label
 * @param {string} button.about what the button acts on; screen readers read it after the label
 * @param {string} button.question
 * @param {string} button.yes
 * @param {string | null} button.asked the id of the button that asks for a confirmation now
 * @param {(id: string | null) => void} button.ask sets `asked` and updates the page
 * @param {() => void} button.act
 * @param {boolean} [button.isBusy]
 */
export function confirmButton({ id, label, about, question, yes, asked, ask, act, isBusy = false }) {
  const begin = () => {
    ask(id);
    focusOn(`${id}-no`);
  };
  const leave = () => {
    ask(null);
    focusOn(id);
  };
  if (asked !== id) {
    return html`<button
      type="button"
      class="small"
      id=${id}
      aria-label="${label}: ${about}"
      ?disabled=${isBusy}
      @click=${begin}
    >
      ${label}
    </button>`;
  }
  return html`
    <div class="confirm" role="group" aria-label=${question}>
      <p>${question}</p>
      <button type="button" class="small danger" ?disabled=${isBusy} @click=${act}>${yes}</button>
      <button type="button" class="small" id="${id}-no" @click=${leave}>No, keep it</button>
    </div>
  `;
}
