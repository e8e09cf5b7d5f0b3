import { Refused } from "../failures.js";
import { Resource } from "../resource.js";
import {
  chip,
  codeField,
  failureNotice,
  field,
  fieldsOf,
  focusOn,
  focusWrong,
  notice,
  shown,
  textField,
} from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";

const ISSUER = "Orders and reminders";

const ADDRESSES = {
  email: {
    label: "E-mail address",
    type: "email",
    inputmode: "email",
    autocomplete: "email",
    hint: "You sign in with it, and reminders go to it.",
    sent: "mailed",
  },
  phone_number: {
    label: "Phone number",
    type: "tel",
    inputmode: "tel",
    autocomplete: "tel",
    hint: "With its country’s code, such as +15555550100.",
    sent: "texted",
  },
};

const PHONE = /^\+[1-9][0-9]{6,14}$/;
const CONFIRMED = { word: "Confirmed", tone: "good" };
const UNCONFIRMED = { word: "Not confirmed", tone: "care" };

/** @param {import("../app.js").Page} page */
export function open(page) {
  const { session, update, say, signOut } = page;
  const user = new Resource(page, async () => userOf(await session.ask("GetUser")));
  /** What is being done: an address that is changed or confirmed, or the authenticator that is set up. */
  let task = null;
  let secret = null;
  /** @type {{name: string, value: string} | null} what was typed and becomes the address once its code has come back */
  let pending = null;
  let problems = {};
  let failure = null;
  let news = null;
  let isBusy = false;

  function begin(name) {
    const before = task;
    [task, problems, failure, news] = [name, {}, null, null];
    if (!name?.endsWith(" code")) {
      pending = null;
    }
    update();
    focusOn(!name ? headingOf(before) : name.endsWith(" code") ? "account-code" : "account-value");
  }

  /** Runs `action`, shows what it came to, and says `done` where it went well. */
  async function act(action, { field = "value", done } = {}) {
    const before = task;
    [isBusy, problems, failure, news] = [true, {}, null, null];
    update();
    try {
      await action();
      if (done) {
        news = done;
        say(done);
      }
    } catch (caught) {
      if (caught instanceof Refused && task) {
        problems = { [field]: caught.message };
      } else {
        failure = caught;
      }
    }
    isBusy = false;
    update();
    if (task !== before) {
      focusOn(task ? "account-code" : headingOf(before));
    }
    focusWrong(document.getElementById("main"));
  }

  async function reloaded() {
    await session.refresh();
    await user.load();
  }

  const change = (name, value) =>
    act(
      async () => {
        const changed = { UserAttributes: [{ Name: name, Value: value }] };
        const { CodeDeliveryDetailsList = [] } = await session.ask("UpdateUserAttributes", changed);
        if (!CodeDeliveryDetailsList.some(({ AttributeName }) => AttributeName === name)) {
          // The pool took it and sent nothing: what is refused now is not what was typed.
          task = null;
          await reloaded();
          await session.ask("GetUserAttributeVerificationCode", { AttributeName: name });
        }
        pending = { name, value };
        task = `${name} code`;
      },
      { field: pending ? "code" : "value", done: `A code was ${ADDRESSES[name].sent} to ${value}.` },
    );

  const sendCode = (name) =>
    act(
      async () => {
        await session.ask("GetUserAttributeVerificationCode", { AttributeName: name });
        task = `${name} code`;
      },
      { field: "code", done: `A code was ${ADDRESSES[name].sent} to you.` },
    );

  const verify = (name, code) =>
    act(
      async () => {
        await session.ask("VerifyUserAttribute", { AttributeName: name, Code: code });
        [task, pending] = [null, null];
        await reloaded();
      },
      { field: "code", done: `${ADDRESSES[name].label} confirmed.` },
    );

  const setUp = () =>
    act(async () => {
      secret = (await session.ask("AssociateSoftwareToken")).SecretCode;
      task = "totp code";
    });

  const switchOn = (code) =>
    act(
      async () => {
        await session.ask("VerifySoftwareToken", { UserCode: code });
        await session.ask("SetUserMFAPreference", { SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true } });
        [task, secret] = [null, null];
        await user.load();
      },
      { field: "code", done: "From now on your authenticator is asked for when you sign in." },
    );

  const switchOff = () =>
    act(
      async () => {
        await session.ask("SetUserMFAPreference", {
          SoftwareTokenMfaSettings: { Enabled: false, PreferredMfa: false },
        });
        await user.load();
      },
      { done: "Your authenticator is no longer asked for." },
    );

  const body = () => html`
    ${news ? notice("good", html`<p>${news}</p>`) : nothing} ${failureNotice(failure)}
    ${shown(user, (loaded) => [
      Object.keys(ADDRESSES).map((name) => address(name, loaded[name])),
      authenticator(loaded),
    ])}
    <section class="card" aria-labelledby="leave">
      <h2 id="leave">This session</h2>
      <p>It ends when you close the tab, and a day after you signed in at the latest.</p>
      <button type="button" @click=${signOut}>Sign out</button>
    </section>
  `;

  function address(name, { value, isVerified }) {
    const { label } = ADDRESSES[name];
    const state = chip(isVerified ? CONFIRMED : UNCONFIRMED);
    const forms = { [name]: changeForm, [`${name} code`]: codeForm };
    const form = forms[task] ?? (() => addressButtons(name, value, isVerified));
    return html`
      <section class="card" aria-labelledby="about-${name}">
        <h2 id="about-${name}" tabindex="-1">${label}</h2>
        <p class="state">
          ${value ? html`<strong class="number">${value}</strong> ${state}` : html`<span class="quiet">None yet</span>`}
        </p>
        ${form(name)}
      </section>
    `;
  }

  const addressButtons = (name, value, isVerified) => html`
    <p class="buttons">
      <button
        type="button"
        aria-label="${value ? "Change" : "Add"} ${ADDRESSES[name].label.toLowerCase()}"
        @click=${() => begin(name)}
      >
        ${value ? "Change" : "Add"}
      </button>
      ${
        value && !isVerified
          ? html`<button
              type="button"
              aria-label="Confirm ${ADDRESSES[name].label.toLowerCase()}"
              @click=${() => sendCode(name)}
            >
              Confirm
            </button>`
          : nothing
      }
      <button type="button" class="link" @click=${() => begin(`${name} code`)}>
        I have a code<span class="unseen"> for the ${ADDRESSES[name].label.toLowerCase()}</span>
      </button>
    </p>
  `;

  function changeForm(name) {
    const { label, sent, ...about } = ADDRESSES[name];
    const submit = ({ value }) => {
      const text = name === "phone_number" ? value.replace(/[\s().-]/g, "") : value.trim();
      const isRight = name === "phone_number" ? PHONE.test(text) : text.includes("@");
      if (isRight) {
        change(name, text);
      } else {
        problems = {
          value:
            name === "phone_number"
              ? "Enter the number with its country’s code, such as +15555550100."
              : "Enter an e-mail address.",
        };
        update();
        focusOn("account-value");
      }
    };
    return formOf(
      "Send a code",
      submit,
      textField({
        form: "account",
        name: "value",
        label: `New ${label.toLowerCase()}`,
        problem: problems.value,
        ...about,
      }),
    );
  }

  function codeForm(name) {
    const typed = pending?.name === name ? pending.value : null;
    const { value, isVerified } = user.value[name];
    // An address that is yet to count is not told: after a reload only its owner knows it.
    const again = typed
      ? html`<button type="button" class="link" @click=${() => change(name, typed)}>Send another code</button>`
      : value && !isVerified
        ? html`<button type="button" class="link" @click=${() => sendCode(name)}>Send another code</button>`
        : html`<button type="button" class="link" @click=${() => begin(name)}>I need another code</button>`;
    return html`
      ${typed ? html`<p class="quiet">${typed} counts when its code has come back.</p>` : nothing}
      ${formOf(
        "Confirm",
        ({ code }) => verify(name, code.trim()),
        codeField({ form: "account", problem: problems.code }),
      )}
      <p class="aside">${again}</p>
    `;
  }

  function authenticator({ email, hasTotp }) {
    const keyed = html`
      <p>
        Add this key to your authenticator app, or
        <a href=${keyAddress(email.value, secret)}>open it on this device</a>.
      </p>
      ${field({
        form: "account",
        name: "key",
        label: "Key",
        control: ({ id }) => html`<output class="key" id=${id}>${groups(secret ?? "")}</output>`,
      })}
      ${formOf(
        "Switch it on",
        ({ code }) => switchOn(code.replace(/\s/g, "")),
        codeField({ form: "account", problem: problems.code, hint: "The six digits that the app shows now." }),
      )}
    `;
    const state = hasTotp ? { word: "On", tone: "good" } : { word: "Off", tone: "quiet" };
    return html`
      <section class="card" aria-labelledby="about-totp">
        <h2 id="about-totp" tabindex="-1">Authenticator app</h2>
        <p class="state">${chip(state)} <span>A code from your phone, besides the password.</span></p>
        ${
          task === "totp code"
            ? keyed
            : html`<p class="buttons">
                ${
                  hasTotp
                    ? html`<button type="button" ?disabled=${isBusy} @click=${switchOff}>
                        Switch off the authenticator
                      </button>`
                    : html`<button type="button" ?disabled=${isBusy} @click=${setUp}>Set up an authenticator</button>`
                }
              </p>`
        }
      </section>
    `;
  }

  const formOf = (label, submit, fields) => html`
    <form
      novalidate
      @submit=${(event) => {
        event.preventDefault();
        submit(fieldsOf(event.currentTarget));
      }}
    >
      ${fields}
      <p class="buttons">
        <button class="primary" ?disabled=${isBusy}>${label}</button>
        <button type="button" @click=${() => begin(null)}>Not now</button>
      </p>
    </form>
  `;

  return body;
}

/** What GetUser tells, by what the page shows of it. */
function userOf({ UserAttributes, UserMFASettingList = [] }) {
  const attributes = Object.fromEntries(UserAttributes.map(({ Name, Value }) => [Name, Value]));
  const addresses = Object.keys(ADDRESSES).map((name) => [
    name,
    { value: attributes[name], isVerified: attributes[`${name}_verified`] === "true" },
  ]);
  return { ...Object.fromEntries(addresses), hasTotp: UserMFASettingList.includes("SOFTWARE_TOKEN_MFA") };
}

/** Where to go on from when a form is gone. */
const headingOf = (task) => `about-${task.replace(" code", "")}`;

const groups = (secret) => secret.match(/.{1,4}/g)?.join(" ") ?? "";

function keyAddress(email, secret) {
  const query = new URLSearchParams({ secret: secret ?? "", issuer: ISSUER });
  return `otpauth://totp/${encodeURIComponent(ISSUER)}:${encodeURIComponent(email)}?${query}`;
}
