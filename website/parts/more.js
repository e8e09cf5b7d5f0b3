import { html, nothing } from "../vendor/lit-html.js";

/**
 * The button below a list that goes on.
 *
 * @param {import("../pages.js").Pages<any>} pages
 * @param {string} what the list holds
 */
export const more = (pages, what) =>
  pages.next
    ? html`<p>
        <button type="button" ?disabled=${pages.isLoading} @click=${() => pages.loadMore()}>Load more ${what}</button>
      </p>`
    : nothing;
