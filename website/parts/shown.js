/** Shows what a view has asked for: the answer, or that it is empty, on its way or failed. */

import { Offline, SignedOut } from "../http.js";
import { failureNotice, icon, inWords, skeleton } from "../ui.js";
import { html } from "../vendor/lit-html.js";

/** @import { Resource } from "../resource.js" */
/** @import { Mark } from "../types/page.js" */

/**
 * A status as a mark: by its word and its sign, and only then by its colour.
 *
 * @param {Mark} mark
 */
export function chip({ word, tone }) {
  return html`<span class="chip ${tone}">${icon(tone)}${word}</span>`;
}

/**
 * @param {string} title
 * @param {unknown} words
 */
export function empty(title, words) {
  return html`<div class="empty">
    <p class="title">${title}</p>
    <p>${words}</p>
  </div>`;
}

/**
 * What a resource holds, or that it loads, or why it does not, with a way to try again.
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
      <button type="button" @click=${() => resource.load()}>Try again</button>
    </div>
  `;
}
