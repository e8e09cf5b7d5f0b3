import { STATUSES } from "../orders.js";
import { field, fieldsOf, textField } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Control, FormEvent, Problems } from "../types/page.js" */

/** @typedef {{text: string, status: string, from: string, to: string}} Search `from` and `to` are local dates */

const FORM = "search";

/**
 * Reads the search from the query of the address.
 *
 * @param {URLSearchParams} query
 * @returns {Search}
 */
export const searchOf = (query) => {
  const [text, status, from, to] = ["text", "status", "from", "to"].map((name) => query.get(name) ?? "");
  return { text, status, from, to };
};

/** @param {Search} search */
export const isEmpty = (search) => !Object.values(search).some(Boolean);

/**
 * Returns the address of a search.
 *
 * @param {Record<string, string>} search
 */
export function addressOf(search) {
  const given = Object.entries(search).filter(([, text]) => text);
  return given.length ? `#/orders?${new URLSearchParams(given)}` : "#/orders";
}

/**
 * Returns the API's query. The API takes dates as days in UTC, and people mean their own days.
 *
 * @param {Search} search
 * @returns {Record<string, string>}
 */
export const queryOf = ({ text, status, from, to }) => ({
  owner: "me",
  text,
  status,
  from: from && instantOf(`${from}T00:00:00`),
  to: to && instantOf(`${to}T23:59:59.999`),
});

/** @param {string} wall */
function instantOf(wall) {
  const date = new Date(wall);
  return Number.isNaN(date.getTime()) ? wall : date.toISOString();
}

/** Shows the search of the address again, instead of what was typed. */
export const resetForm = () => /** @type {HTMLFormElement | null} */ (document.getElementById(FORM))?.reset();

/**
 * Renders the form. Sending it changes the address.
 *
 * @param {Search} search
 * @param {Problems} problems
 */
export function searchForm(search, problems) {
  const send = (/** @type {FormEvent} */ event) => {
    event.preventDefault();
    const { text, ...rest } = fieldsOf(event.currentTarget);
    location.hash = addressOf({ text: text.trim(), ...rest });
  };
  const hasMore = Boolean(search.status || search.from || search.to || problems.from || problems.to);
  return html`
    <form id=${FORM} class="search" role="search" aria-label="My orders" novalidate @submit=${send}>
      <div class="look-up">
        ${textField({
          ...{ form: FORM, name: "text", label: "Search by item, name or order id", value: search.text },
          ...{ type: "search", required: false, maxlength: 200, problem: problems.text },
        })}
        <button>Search</button>
      </div>
      <details ?open=${hasMore}>
        <summary>More filters</summary>
        <div class="pair">
          ${field({ form: FORM, name: "status", label: "Status", control: statuses(search.status) })}
          ${day("from", "From", search.from, problems.from)} ${day("to", "To", search.to, problems.to)}
        </div>
      </details>
      ${isEmpty(search) ? nothing : html`<p><a href="#/orders">Clear the search</a></p>`}
    </form>
  `;
}

/**
 * @param {string} name
 * @param {string} label
 * @param {string} value
 * @param {string} [problem]
 */
const day = (name, label, value, problem) =>
  textField({ form: FORM, name, label, value, problem, type: "date", required: false });

/**
 * @param {string} chosen
 * @returns {Control}
 */
const statuses =
  (chosen) =>
  ({ id }) => html`
    <select id=${id} name="status">
      <option value="">Any</option>
      ${Object.entries(STATUSES).map(
        ([status, { word }]) => html`<option value=${status} ?selected=${status === chosen}>${word}</option>`,
      )}
    </select>
  `;
