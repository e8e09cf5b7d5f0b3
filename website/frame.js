/** The frame around every view: header, navigation, footer, colour theme, and the sign-in over a view. */

import { siteStorage } from "./storage.js";
import { html, nothing } from "./vendor/lit-html.js";

/** @import { Badge, Person, Route } from "./types/page.js" */

export const NAME = "Orders and reminders";

export const OFFLINE = html`<p class="banner" role="status">
  You are offline. Anything missing loads when you are back online.
</p>`;

export const footer = () => html`<footer><p>Use test data only: no real card numbers, no secrets.</p></footer>`;

const THEME_KEPT_AS = "theme";

/**
 * The themes, each with the path of its icon. styles/page.css applies `data-theme`.
 *
 * @type {Record<string, string>}
 */
const THEMES = {
  automatic: "M10 3a7 7 0 1 0 .1 0M10 3v14M13 5v10",
  light:
    "M10 6.8a3.2 3.2 0 1 0 .1 0M10 1.8v1.4M10 16.8v1.4M1.8 10h1.4M16.8 10h1.4" +
    "M4.2 4.2l1 1M14.8 14.8l1 1M4.2 15.8l1-1M14.8 5.2l1-1",
  dark: "M15.5 12.5A6.5 6.5 0 0 1 8 4a6.5 6.5 0 1 0 7.5 8.5",
};

const AUTOMATIC = "automatic";

const theme = () => document.documentElement.dataset.theme ?? AUTOMATIC;

export function startTheme() {
  const kept = siteStorage.get(THEME_KEPT_AS) ?? AUTOMATIC;
  document.documentElement.dataset.theme = kept in THEMES ? kept : AUTOMATIC;
}

function nextTheme() {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(theme()) + 1) % names.length];
  document.documentElement.dataset.theme = next;
  siteStorage.set(THEME_KEPT_AS, next);
}

/**
 * @param {object} shown
 * @param {Person | null} shown.person
 * @param {Route[]} shown.routes
 * @param {Route} [shown.current]
 * @param {Badge | null} shown.badge
 * @param {() => void} shown.update
 * @param {(words: string) => void} shown.say
 * @param {() => void} shown.signOut
 */
export function header({ person, routes, current, badge, update, say, signOut }) {
  const changeTheme = () => {
    nextTheme();
    update();
    say(`Theme: ${theme()}`);
  };
  return html`
    <header class="top">
      <a class="brand" href="#/" aria-label=${NAME}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="9" />
          <path d="M8 20.5h6.5l3-9H24M20.5 8l3.5 3.5-3.5 3.5" />
        </svg>
        <span>${NAME}</span>
      </a>
      ${person ? navigation(routes, { current, badge }) : nothing}
      <div class="tools">
        <button type="button" class="plain" @click=${changeTheme}>
          <svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${THEMES[theme()]} /></svg>
          <span>Theme<span class="detail">: ${theme()}</span></span>
        </button>
        ${person ? html`<button type="button" class="plain" @click=${signOut}>Sign out</button>` : nothing}
      </div>
    </header>
  `;
}

/**
 * @param {Route[]} routes
 * @param {{current?: Route, badge: Badge | null}} shown
 */
function navigation(routes, { current, badge }) {
  return html`
    <nav aria-label="Main">
      <ul>
        ${routes
          .filter(({ link }) => link)
          .map(
            (route) => html`
              <li>
                <a href="#/${route.key}" aria-current=${current?.key === route.key ? "page" : nothing}>
                  <svg viewBox="0 0 20 20" aria-hidden="true"><path d=${route.icon} /></svg>
                  ${route.isForWork && badge ? counted(route, badge) : html`<span>${route.link}</span>`}
                </a>
              </li>
            `,
          )}
      </ul>
    </nav>
  `;
}

/**
 * @param {Route} route
 * @param {Badge} badge
 */
const counted = ({ link }, { text, words }) => html`
  <span>${link}<span class="unseen">: ${words}</span></span>
  <span class="badge" title=${words} aria-hidden="true">${text}</span>
`;

/**
 * Renders the sign-in over the view when a session ends. See decision D085.
 *
 * @param {object} over
 * @param {unknown} over.form null while the session has not ended
 * @param {() => boolean} over.isOver
 * @param {() => void} over.signOut
 */
export function dialog({ form, isOver, signOut }) {
  /** @param {Event} event */
  const stay = (event) => event.preventDefault();
  /**
   * Browsers close a dialog at the second press of Escape, even if `cancel` is prevented.
   *
   * @param {Event & {currentTarget: HTMLDialogElement}} event
   */
  const reopen = ({ currentTarget }) => {
    if (isOver()) {
      currentTarget.showModal();
    }
  };
  return html`
    <dialog aria-labelledby="over-title" @cancel=${stay} @close=${reopen}>
      ${
        form
          ? html`
              <h2 id="over-title">Sign in again</h2>
              <p>Your session has ended. Sign in to continue: your input is kept.</p>
              ${form}
              <p><button type="button" class="link" @click=${signOut}>Sign out instead</button></p>
            `
          : nothing
      }
    </dialog>
  `;
}
