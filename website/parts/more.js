import { html, nothing } from "../vendor/lit-html.js";

/** @import { Pages } from "../pages.js" */

/**
 * Renders the button that loads the list's next page, if there is one.
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
