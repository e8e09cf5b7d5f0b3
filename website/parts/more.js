import { html, nothing } from "../vendor/lit-html.js";

/** @import { Pages } from "../pages.js" */

/**
 * The button below a list that goes on.
 *
 * @param {Pages<any>} pages
 * @param {string} what the list holds
 */
export const more = (pages, what) =>
  pages.next
    ? html`<p>
        <button type="button" ?disabled=${pages.isLoading} @click=${() => pages.loadMore()}>Load more ${what}</button>
      </p>`
    : nothing;
