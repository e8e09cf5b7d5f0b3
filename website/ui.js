import { Refused, ServerDown, SignedOut } from "./http.js";
import { html, nothing } from "./vendor/lit-html.js";

/** @import { Control, Field, Input, Problems, Tone } from "./types/page.js" */

/**
 * Renders a form control with its label, hint and problem.
 *
 * @param {Field & {control: Control}} field
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
 * Renders a one-line text field.
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
  /** @type {Control} */
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
 * Renders the field for a code from a mail, a text or an authenticator app.
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
 * Renders the notice of a failure. The dialog reports an ended session.
 *
 * @param {Error | null} failure
 */
export function failureNotice(failure) {
  return failure && !(failure instanceof SignedOut)
    ? notice(
        "bad",
        html`<p>${inWords(failure)}</p>
          ${toQuote(failure)}`,
      )
    : nothing;
}

/**
 * Renders the id of a failed request, for people who report it. Those who correct a field, or have
 * reached a limit, have nothing to report.
 *
 * @param {Error} failure
 */
export function toQuote(failure) {
  const isTheirs = failure instanceof Refused && (failure.details.length > 0 || failure.status === 429);
  const id = failure instanceof Refused || failure instanceof ServerDown ? failure.requestId : undefined;
  return id && !isTheirs ? html`<p class="hint">If you report this, quote <code>${id}</code></p>` : nothing;
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

/** Renders a placeholder for content that is loading. */
export function skeleton(lines = 3) {
  return html`
    <div class="skeleton" role="status">
      <span class="unseen">Loading…</span>
      ${Array.from({ length: lines }, () => html`<span class="bar"></span>`)}
    </div>
  `;
}

/**
 * Returns a form's values by field.
 *
 * @param {HTMLFormElement} form
 * @returns {Record<string, string>}
 */
export const fieldsOf = (form) =>
  Object.fromEntries([...new FormData(form)].map(([name, text]) => [name, String(text)]));

/**
 * Whether every problem belongs to a field that is shown, and so appears beside it.
 *
 * @param {Problems} problems
 * @param {string[]} places names of the fields that are shown
 */
export function haveTheirPlaces(problems, places) {
  const names = Object.keys(problems);
  return names.length > 0 && names.every((name) => places.includes(name));
}

/**
 * Focuses the first invalid field. Without one, gives the focus back to the button, which lost it while disabled.
 *
 * @param {HTMLElement | null} form
 */
export function focusWrong(form) {
  const wrong = /** @type {HTMLElement | null | undefined} */ (form?.querySelector("[aria-invalid=true]"));
  const button = /** @type {HTMLElement | null | undefined} */ (form?.querySelector("button.primary"));
  (wrong ?? (hasLostFocus() ? button : null))?.focus();
}

/**
 * Announces `words` through a screen reader.
 *
 * @param {string} words
 */
export function say(words) {
  const news = document.getElementById("news");
  if (news) {
    news.textContent = "";
    // Screen readers announce a change only if the old text was gone for a moment.
    setTimeout(() => {
      news.textContent = words;
    }, 50);
  }
}

export const hasLostFocus = () => document.activeElement === document.body;

/** @param {string} id */
export function focusOn(id) {
  document.getElementById(id)?.focus();
}
