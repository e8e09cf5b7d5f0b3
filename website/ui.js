import { Offline, Refused, SignedOut } from "./failures.js";
import { html, nothing } from "./vendor/lit-html.js";

/** @typedef {Event & {currentTarget: HTMLFormElement, submitter?: HTMLButtonElement}} FormEvent */

/** @typedef {"good" | "care" | "bad" | "quiet" | "busy"} Tone */

/** @typedef {{word: string, tone: Tone}} Mark a status, as `chip` shows it */

/** @typedef {Record<string, string>} Problems what is wrong with a form, by field */

/**
 * @typedef {object} Field
 * @property {string} form begins the ids of the form's controls
 * @property {string} name
 * @property {string} label
 * @property {unknown} [hint]
 * @property {string} [problem]
 */

/**
 * What only an input has: its attributes, each `nothing` where it is to be left out.
 *
 * @typedef {object} Input
 * @property {string} [type]
 * @property {string} [autocomplete]
 * @property {unknown} [inputmode]
 * @property {string} [value]
 * @property {unknown} [maxlength]
 * @property {unknown} [min]
 * @property {boolean} [required]
 */

/**
 * One of a form's controls with its label, a hint and what is wrong with it.
 *
 * @param {Field & {control: (about: {id: string, described: unknown, invalid: unknown}) => unknown}} field
 */
export function field({ form, name, label, hint, problem, control }) {
  const id = `${form}-${name}`;
  const about = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${control({ id, described: about || nothing, invalid: problem ? "true" : nothing })}
      ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : nothing}
      ${problem ? html`<p class="problem" id="${id}-problem">${problem}</p>` : nothing}
    </div>
  `;
}

/**
 * A field of one line.
 *
 * @param {Field & Input} field
 */
export function textField({
  type = "text",
  autocomplete = "off",
  inputmode = nothing,
  value = "",
  maxlength = nothing,
  min = nothing,
  required = true,
  ...rest
}) {
  /** @type {Parameters<typeof field>[0]["control"]} */
  const control = ({ id, described, invalid }) => html`
    <input
      id=${id}
      name=${rest.name}
      type=${type}
      value=${value}
      autocomplete=${autocomplete}
      inputmode=${inputmode}
      maxlength=${maxlength}
      min=${min}
      autocapitalize="none"
      spellcheck="false"
      ?required=${required}
      aria-describedby=${described}
      aria-invalid=${invalid}
    />
  `;
  return field({ ...rest, control });
}

/**
 * Several lines.
 *
 * @param {Field & {rows?: number, maxlength?: unknown}} field
 */
export function textArea({ rows = 3, maxlength = nothing, ...rest }) {
  /** @type {Parameters<typeof field>[0]["control"]} */
  const control = ({ id, described, invalid }) => html`
    <textarea
      id=${id}
      name=${rest.name}
      rows=${rows}
      maxlength=${maxlength}
      required
      aria-describedby=${described}
      aria-invalid=${invalid}
    ></textarea>
  `;
  return field({ ...rest, control });
}

/**
 * A code that came by mail or text, or that an app shows.
 *
 * @param {{form: string, problem?: string, hint?: unknown}} rest
 */
export const codeField = (rest) =>
  textField({
    name: "code",
    label: "Code",
    autocomplete: "one-time-code",
    inputmode: "numeric",
    maxlength: 10,
    ...rest,
  });

/**
 * One of few, in one line. `options` are pairs of value and words.
 *
 * It shows no problem: what is wrong with the one that can be, which of the two times is meant, stands under the time.
 *
 * @param {object} about
 * @param {string} about.form
 * @param {string} about.name
 * @param {string} about.label
 * @param {[string, string][]} about.options
 * @param {string} about.value
 * @param {(value: string) => void} [about.change]
 */
export function choice({ form, name, label, options, value, change = () => {} }) {
  return html`
    <fieldset class="choice">
      <legend>${label}</legend>
      ${options.map(
        ([key, words]) => html`
          <label>
            <input
              type="radio"
              id="${form}-${name}-${key}"
              name=${name}
              value=${key}
              ?checked=${key === value}
              @change=${() => change(key)}
            />
            <span>${words}</span>
          </label>
        `,
      )}
    </fieldset>
  `;
}

/**
 * @param {"good" | "bad"} tone
 * @param {unknown} content
 */
export function notice(tone, content) {
  return html`<div class="notice ${tone}" role=${tone === "bad" ? "alert" : nothing}>
    ${icon(tone)}
    <div>${content}</div>
  </div>`;
}

/**
 * A refusal or failure of what was asked for. Of a session that is over the dialog tells.
 *
 * @param {Error | null} failure
 */
export function failureNotice(failure) {
  return failure && !(failure instanceof SignedOut) ? notice("bad", html`<p>${inWords(failure)}</p>`) : nothing;
}

/** @param {Error} failure */
export function inWords(failure) {
  if (failure instanceof Refused && failure.details?.length) {
    const details = failure.details.map(({ field: name, problem }) => `${name} ${problem}`).join("; ");
    return `${failure.message} ${details}.`;
  }
  return failure.message;
}

const SHAPES = {
  good: "M4 10.5 8 14.5 16 6",
  care: "M10 5v6M10 14.2v.6",
  bad: "M6 6l8 8M14 6l-8 8",
  quiet: "M5 10h10",
  busy: "M10 3.5a6.5 6.5 0 1 0 .1 0M10 6.8V10l2 1.6",
};

/** @param {Tone} tone */
export function icon(tone) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${SHAPES[tone]} /></svg>`;
}

/**
 * A status as a mark: by its word and its sign, and only then by its colour.
 *
 * @param {Mark} mark
 */
export function chip({ word, tone }) {
  return html`<span class="chip ${tone}">${icon(tone)}${word}</span>`;
}

/** What stands where something is about to be. */
export function skeleton(lines = 3) {
  return html`
    <div class="skeleton" role="status">
      <span class="unseen">Loading…</span>
      ${Array.from({ length: lines }, () => html`<span class="bar"></span>`)}
    </div>
  `;
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
 * @param {import("./resource.js").Resource<T>} resource
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

/**
 * A form's fields as one object of texts.
 *
 * @param {HTMLFormElement} form
 * @returns {Record<string, string>}
 */
export const fieldsOf = (form) =>
  Object.fromEntries([...new FormData(form)].map(([name, text]) => [name, String(text)]));

/**
 * Whether all that is wrong is about fields that are shown, and so told beside them.
 *
 * @param {Problems} problems
 * @param {string[]} places names of the fields that are shown
 */
export function haveTheirPlaces(problems, places) {
  const names = Object.keys(problems);
  return names.length > 0 && names.every((name) => places.includes(name));
}

/**
 * Leads to the first field that is wrong, else back to the button: it lost the focus while it was disabled.
 *
 * @param {HTMLElement | null} form
 */
export function focusWrong(form) {
  const wrong = /** @type {HTMLElement | null | undefined} */ (form?.querySelector("[aria-invalid=true]"));
  const button = /** @type {HTMLElement | null | undefined} */ (form?.querySelector("button.primary"));
  (wrong ?? (hasLostFocus() ? button : null))?.focus();
}

export const hasLostFocus = () => document.activeElement === document.body;

/** @param {string} id */
export function focusOn(id) {
  document.getElementById(id)?.focus();
}
