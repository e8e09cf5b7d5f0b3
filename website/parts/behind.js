import { send } from "../http.js";
import { html, nothing } from "../vendor/lit-html.js";

/** @import { Page, Sources } from "../types/page.js" */

/** @typedef {{what: string, path: string, symbol: string}} Place */

/** @type {Record<string, string>} */
const CACHE = {
  HIT: "The answer came from Redis.",
  MISS: "The answer came from the table, and is now in Redis.",
  BYPASS: "The answer came from the table: Redis is switched off, slow or unavailable.",
};

/** What is behind a view, for learners. A stage says whether its page has this panel. See decision D189. */
export class Behind {
  #page;
  #topic;
  /** @type {Place[] | null} */
  #places = null;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {string} topic the name of the view's places in sources.json
   */
  constructor(page, topic) {
    this.#page = page;
    this.#topic = topic;
  }

  // Actions

  #open = async () => {
    if (!this.#places) {
      const { body } = await send("/sources.json").catch(() => ({ body: null }));
      this.#places = body?.[this.#topic] ?? null;
      this.#page.update();
    }
  };

  // Rendering

  /**
   * @param {object} shown
   * @param {unknown} shown.row what the API shows
   * @param {string | null} [shown.cache] the header X-Cache
   * @param {string} shown.execution with what the name of the execution begins
   */
  render({ row, cache, execution }) {
    const sources = this.#page.config.behindTheScenes;
    if (!sources) {
      return nothing;
    }
    return html`
      <details class="card behind" @toggle=${this.#open}>
        <summary>Behind the scenes</summary>
        <dl class="named">
          ${
            cache
              ? html`<div>
                  <dt>${CACHE[cache]}</dt>
                  <dd>X-Cache: ${cache}</dd>
                </div>`
              : nothing
          }
          <div>
            <dt>The execution’s name begins with this id. On the laptop, this command shows its states:</dt>
            <dd>laptop executions ${execution}</dd>
          </div>
        </dl>
        <h2>The ${this.#topic}, as the API shows its row</h2>
        <pre tabindex="0" role="group" aria-label="The ${this.#topic} as JSON">${JSON.stringify(row, null, 2)}</pre>
        ${this.#places ? code(this.#places, sources) : nothing}
      </details>
    `;
  }
}

/**
 * @param {Place[]} places
 * @param {Sources} sources
 */
const code = (places, { source, lines }) => html`
  <h2>The code</h2>
  <dl class="named">
    ${places.map(({ what, path, symbol }) => {
      const name = `${path}: ${symbol}`;
      const line = lines[`${path} ${symbol}`];
      const address = source && `${source}/${path}#${line ? `L${line}` : symbol.replaceAll(" ", "-")}`;
      return html`
        <div>
          <dt>${what}</dt>
          <dd>${address ? html`<a href=${address} rel="noreferrer">${name}</a>` : name}</dd>
        </div>
      `;
    })}
  </dl>
`;
