import { html, nothing } from "../vendor/lit-html.js";

/** @import { Pages } from "../pages.js" */

/**
 * Renders the button that loads the list's next page, if there is one.
 *
 * @param {Pages<any>} pages
 * @param {string} what the list holds
 * @param {() => void} [after] is called when another page has been loaded
 */
export const more = (pages, what, after) =>
  pages.next
    ? html`<p>
        <button type="button" ?disabled=${pages.isLoading} @click=${() => pages.loadMore().then(after)}>
          Load more ${what}
        </button>
      </p>`
    : nothing;
