import { ServerDown, send } from "../http.js";
import { isApplied, leadsTo, mailsOf, queuesOf, textsOf, waitsOf } from "../outbox.js";
import { ClockPanel } from "../parts/clock.js";
import { empty, shown } from "../parts/shown.js";
import { Resource, poll } from "../resource.js";
import { timeText } from "../times.js";
import { failureNotice, notice } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";
import { repeat } from "../vendor/directives/repeat.js";

/** @import { Conversation, Mail, Queue } from "../outbox.js" */
/** @import { Page } from "../types/page.js" */

const AGAIN = 2500;

/** Shows the mails and texts that the laptop cloud sent, and the messages in its queues. */
export class Outbox {
  #page;
  /** @type {Resource<Mail[]>} */
  #mails;
  /** @type {Resource<Conversation[]>} */
  #texts;
  /** @type {Resource<Queue[]>} */
  #queues;
  #clock;
  #isLive = true;
  /** @type {Error | null} */
  #failure = null;
  /** @type {string | null} */
  #news = null;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    this.#clock = new ClockPanel(page);
    this.#mails = new Resource(page, async () => mailsOf(await this.#ask("ses/messages")));
    this.#texts = new Resource(page, async () => textsOf(await this.#ask("sns/sms-messages")));
    this.#queues = new Resource(page, async () => queuesOf(await this.#ask("sqs/messages"), page.config.queues));
    poll(() => this.#reload(), { signal: page.signal, first: AGAIN, longest: AGAIN });
  }

  // Actions

  /** @param {string} what */
  async #ask(what) {
    const { config, signal } = this.#page;
    const { status, body } = await send(`${config.outbox}/${what}`, { signal });
    if (status !== 200) {
      throw new ServerDown();
    }
    return body;
  }

  /** Returns false, so that `poll` never stops. */
  async #reload() {
    if (this.#isLive) {
      await Promise.all([this.#clock.load(), this.#mails.load(), this.#texts.load(), this.#queues.load()]);
    }
    return false;
  }

  /** @param {boolean} isSkipped */
  async #skipWaits(isSkipped) {
    const { config, update, say } = this.#page;
    [this.#failure, this.#news] = [null, null];
    try {
      const { status, body } = await send(`${config.outbox}/config`, { method: "POST", body: waitsOf(isSkipped) });
      if (status !== 200 || !isApplied(body, isSkipped)) {
        throw new ServerDown();
      }
      this.#news = isSkipped ? "Workflows now skip their waits." : "Workflows now wait the full time.";
      say(this.#news);
    } catch (caught) {
      this.#failure = caught;
    }
    update();
  }

  /** @param {Event & {currentTarget: HTMLInputElement}} event */
  #setLive = (event) => {
    this.#isLive = event.currentTarget.checked;
  };

  // Rendering

  render() {
    return html`
      <p class="lead">
        The mails and texts of the laptop cloud, and the messages in its queues. Nothing has left this machine.
      </p>
      ${this.#clock.render()} ${this.#switches()} ${this.#news ? notice("good", html`<p>${this.#news}</p>`) : nothing}
      ${failureNotice(this.#failure)}
      <section aria-labelledby="mails">
        <h2 id="mails">Mails</h2>
        ${shown(this.#mails, (list) => mails(list, this.#page.config.remindersApi))}
      </section>
      <section aria-labelledby="texts">
        <h2 id="texts">Texts</h2>
        ${shown(this.#texts, conversations)}
      </section>
      <section aria-labelledby="queues">
        <h2 id="queues">Queues</h2>
        ${shown(this.#queues, (list) => html`<div class="queues">${repeat(list, ({ name }) => name, queue)}</div>`)}
      </section>
    `;
  }

  #switches() {
    return html`
      <div class="card switches">
        <p class="buttons" role="group" aria-label="Waits">
          <button type="button" class="small" @click=${() => this.#skipWaits(true)}>Skip waits</button>
          <button type="button" class="small" @click=${() => this.#skipWaits(false)}>Keep waits</button>
        </p>
        <label class="switch">
          <input type="checkbox" role="switch" checked @change=${this.#setLive} />
          <span>Refresh automatically</span>
        </label>
      </div>
    `;
  }
}

/**
 * @param {Mail[]} list
 * @param {string} api
 */
const mails = (list, api) =>
  list.length
    ? html`<ul class="mails">
        ${repeat(
          list,
          ({ id }) => id,
          (one) => mail(one, api),
        )}
      </ul>`
    : empty("No mail yet", "Codes and reminders by e-mail appear here.");

/** @param {Conversation[]} list */
const conversations = (list) =>
  list.length
    ? html`<div class="phones">${repeat(list, ({ phone }) => phone, conversation)}</div>`
    : empty("No texts yet", "Reminders by SMS appear here.");

/**
 * @param {Mail} mail
 * @param {string} api the address of the API of reminders, whose links mails have
 */
const mail = ({ to, from, subject, text, part, at }, api) => html`
  <li class="card mail">
    <header>
      <p class="title" dir="auto">${subject}</p>
      <p class="quiet">
        to <span class="address">${to}</span>, from <span class="address">${from}</span> ·
        <time datetime=${at}>${timeText(at)}</time>
      </p>
    </header>
    <p class="letter" dir="auto">${withLinks(text, api)}</p>
    ${part ? html`<p class="hint">${part}</p>` : nothing}
  </li>
`;

const LINK = /(https?:\/\/[^\s<>"]*[\w/=-])/;

/**
 * Renders the addresses in a text as links, as mail programs do.
 *
 * @param {string} text
 * @param {string} api
 */
const withLinks = (text, api) =>
  // With a group in the separator, every second part is a separator.
  text
    .split(LINK)
    .map((part, i) =>
      i % 2 ? html`<a href=${leadsTo(part, api)} target="_blank" rel="noreferrer">${part}</a>` : part,
    );

/** @param {Conversation} conversation */
const conversation = ({ phone, texts }) => html`
  <section class="card phone" aria-label="Texts to ${phone}">
    <h3 class="number">${phone}</h3>
    <ul>
      ${repeat(
        texts,
        ({ id }) => id,
        ({ text }) => html`<li class="bubble" dir="auto">${text}</li>`,
      )}
    </ul>
  </section>
`;

/** @param {Queue} queue */
const queue = ({ name, messages }) => html`
  <section class="card" aria-label=${name}>
    <h3>${name} <span class="tag">${messages.length}</span></h3>
    ${
      messages.length
        ? repeat(
            messages,
            ({ id }) => id,
            ({ body }) => html`<pre tabindex="0" role="group" aria-label="Message in ${name}">${body}</pre>`,
          )
        : html`<p class="quiet">Empty.</p>`
    }
  </section>
`;
