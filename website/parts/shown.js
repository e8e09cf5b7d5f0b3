/** Renders data that a view loads, and says if it is loading, empty or missing. */

import { Offline, SignedOut } from "../http.js";
import { failureNotice, icon, inWords, skeleton, toQuote } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Resource } from "../resource.js" */
/** @import { Mark } from "../types/page.js" */

/**
 * Renders a status as a word and an icon, because some people cannot see its colour.
 *
 * @param {Mark} mark
 */
export function chip({ word, tone }) {
  return html`<span class="chip ${tone}">${icon(tone)}${word}</span>`;
}

/**
 * @param {string} title
 * @param {unknown} [words]
 */
export function empty(title, words) {
  return html`<div class="empty">
    <p class="title">${title}</p>
    ${words ? html`<p>${words}</p>` : nothing}
  </div>`;
}

/**
 * Renders a resource's value with `ready`. Without a value, renders a placeholder or the failure and a button to retry.
 *
 * @template T
 * @param {Resource<T>} resource
 * @param {(value: T) => unknown} ready
 * @param {{lines?: number}} [loading]
 */
export function shown(resource, ready, { lines = 3 } = {}) {
  if (resource.value !== undefined) {
    return html`${failureNotice(resource.failure)}${ready(resource.value)}`;
  }
  if (!resource.failure) {
    return skeleton(lines);
  }
  const waits = resource.failure instanceof Offline || resource.failure instanceof SignedOut;
  return html`
    <div class="empty" role="alert">
      <p class="title">${waits ? "Not loaded yet" : "This could not be loaded"}</p>
      <p>${inWords(resource.failure)}</p>
      ${toQuote(resource.failure)}
      <button type="button" @click=${() => resource.load()}>Try again</button>
    </div>
  `;
}
