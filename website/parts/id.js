import { say } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { ButtonEvent } from "../types/page.js" */

/** Shorter ids are shown whole. The ids that this page proposes have 12 characters. */
const LONG = 20;
/** So many characters of a long id are shown, as on the command line. */
const SHOWN = 8;

const COPY = "M7 7V4h9v9h-3M4 7h9v9H4z";
const COPIED_FOR = 2000;

/** @param {string} id */
const short = (id) => (id.length > LONG ? `${id.slice(0, SHOWN)}…` : id);

/**
 * Renders an id. A long one is cut, and has a button that copies the whole id.
 *
 * @param {string} id
 * @param {{name?: string, address?: string}} [options] `name`: what to show instead of an id that has a long beginning;
 *   `address`: where the id leads to
 */
export function idText(id, { name = id, address } = {}) {
  const text = short(name);
  const shown = address
    ? html`<a class="id" href=${address} title=${id}>${text}</a>`
    : html`<span class="id" title=${id}>${text}</span>`;
  return html`<span class="whole">${shown}${text === id ? nothing : copyButton(id)}</span>`;
}

/** @param {string} id */
const copyButton = (id) => html`
  <button
    type="button"
    class="copy"
    aria-label="Copy ${id}"
    title="Copy"
    @click=${(/** @type {ButtonEvent} */ event) => copy(event, id)}
  >
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${COPY} /></svg>
  </button>
`;

/**
 * @param {ButtonEvent} event
 * @param {string} text
 */
async function copy({ currentTarget: button }, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Safari has no clipboard on the laptop cloud's page, which it treats as insecure.
    say("The browser does not allow copying.");
    return;
  }
  say("Copied.");
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), COPIED_FOR);
}

/**
 * Returns an execution's name, without the long beginning of its ARN.
 *
 * @param {string} execution an ARN such as `arn:aws:states:…:express:WORKFLOW:NAME:ID`, or any text
 */
export const executionName = (execution) => execution.split(":")[7] ?? execution;
