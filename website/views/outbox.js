import { ServerDown } from "../failures.js";
import { send } from "../http.js";
import { isApplied, mailsOf, queuesOf, textsOf, waitsOf } from "../outbox.js";
import { Resource, poll } from "../resource.js";
import { timeText } from "../times.js";
import { empty, failureNotice, notice, shown } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";
import { repeat } from "../vendor/directives/repeat.js";

const AGAIN = 2500;

/** @param {import("../app.js").Page} page */
export function open(page) {
  const { config, signal, update, say } = page;
  const show = async (what) => {
    const { status, body } = await send(`${config.outbox}/${what}`, { signal });
    if (status !== 200) {
      throw new ServerDown();
    }
    return body;
  };
  const mails = new Resource(page, async () => mailsOf(await show("ses/messages")));
  const texts = new Resource(page, async () => textsOf(await show("sns/sms-messages")));
  const queues = new Resource(page, async () => queuesOf(await show("sqs/messages"), config.queues));
  const all = [mails, texts, queues];
  let isLive = true;
  let failure = null;
  let news = null;

  poll(
    async () => {
      if (isLive) {
        await Promise.all(all.map((resource) => resource.load()));
      }
      return false;
    },
    { signal, first: AGAIN, longest: AGAIN },
  );

  async function skipWaits(isSkipped) {
    [failure, news] = [null, null];
    try {
      const { status, body } = await send(`${config.outbox}/config`, { method: "POST", body: waitsOf(isSkipped) });
      if (status !== 200 || !isApplied(body, isSkipped)) {
        throw new ServerDown();
      }
      news = isSkipped ? "Waits are skipped." : "Waits last as long as they should.";
      say(news);
    } catch (caught) {
      failure = caught;
    }
    update();
  }

  const setLive = (event) => {
    isLive = event.currentTarget.checked;
  };

  const body = () => html`
    <p class="lead">What the laptop’s cloud has sent. Nothing of it has left this machine.</p>
    <div class="card switches">
      <p class="buttons" role="group" aria-label="Waits">
        <button type="button" class="small" @click=${() => skipWaits(true)}>Skip waits</button>
        <button type="button" class="small" @click=${() => skipWaits(false)}>Keep waits</button>
      </p>
      <label class="switch">
        <input type="checkbox" role="switch" checked @change=${setLive} />
        <span>Keep up to date</span>
      </label>
    </div>
    ${news ? notice("good", html`<p>${news}</p>`) : nothing} ${failureNotice(failure)}
    <section aria-labelledby="mails">
      <h2 id="mails">Mails</h2>
      ${shown(mails, (list) =>
        list.length
          ? html`<ul class="mails">
              ${repeat(list, ({ id }) => id, mail)}
            </ul>`
          : empty("No mail yet", "Codes and reminders arrive here."),
      )}
    </section>
    <section aria-labelledby="texts">
      <h2 id="texts">Texts</h2>
      ${shown(texts, (list) =>
        list.length
          ? html`<div class="phones">${repeat(list, ({ phone }) => phone, conversation)}</div>`
          : empty("No texts yet", "Reminders by SMS arrive here."),
      )}
    </section>
    <section aria-labelledby="queues">
      <h2 id="queues">Queues</h2>
      ${shown(queues, (list) => html`<div class="queues">${repeat(list, ({ name }) => name, queue)}</div>`)}
    </section>
  `;
  return body;
}

const mail = ({ to, from, subject, text, part, at }) => html`
  <li class="card mail">
    <header>
      <p class="title" dir="auto">${subject}</p>
      <p class="quiet">to ${to}, from ${from} · <time datetime=${at}>${timeText(at)}</time></p>
    </header>
    <p class="letter" dir="auto">${text}</p>
    ${part ? html`<p class="hint">${part}</p>` : nothing}
  </li>
`;

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
