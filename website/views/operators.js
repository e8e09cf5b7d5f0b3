import { Refused } from "../failures.js";
import { STATUSES, orderOf, priceText, problemsIn, problemsOf } from "../orders.js";
import { Pages } from "../pages.js";
import { CHANNELS } from "../reminders.js";
import { Resource } from "../resource.js";
import { timeText } from "../times.js";
import { chip, empty, failureNotice, fieldsOf, focusOn, focusWrong, notice, shown, textArea } from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";
import { repeat } from "../vendor/directives/repeat.js";
import { confirmButton } from "./confirm.js";
import { reasons } from "./order-detail.js";
import { orderFields } from "./order-form.js";
import { more } from "./orders.js";

const LISTS = {
  ESCALATED: { id: "escalated", title: "Escalated orders", none: ["No escalations", "Every order has found its way."] },
  PARKED: { id: "parked", title: "Parked orders", none: ["Nothing is parked", "Nothing has failed for good."] },
};

/** @param {import("../app.js").Page} page */
export function open(page) {
  const { orders, reminders, signal, update, say } = page;
  const of = (status) =>
    new Pages(page, (next) => orders.get("/orders", { query: { status, next }, signal }), "orders");
  const lists = { ESCALATED: of("ESCALATED"), PARKED: of("PARKED") };
  const parked = new Resource(page, async () => (await orders.get("/parked", { signal })).body.items);
  const dead = new Resource(page, async () => (await orders.get("/dead-letters", { signal })).body.queues);
  const failed = new Pages(
    page,
    (next) => reminders.get("/reminders", { query: { status: "FAILED", next, limit: "20" }, signal }),
    "reminders",
  );

  /** @type {{kind: "correct" | "close", id: string} | null} what an operator fills in now */
  let task = null;
  let problems = {};
  let failure = null;
  let news = null;
  let asked = null;
  let isBusy = false;

  const ask = (id) => {
    asked = id;
    update();
  };

  function begin(kind, id) {
    [task, problems, failure, news] = [kind && { kind, id }, {}, null, null];
    update();
    focusOn(kind === "correct" ? "correct-Name" : kind === "close" ? "close-note" : `correct-${id}`);
  }

  /** Sends what an operator decided, and shows what it came to. */
  async function act(send, { done, settle, focus }) {
    [isBusy, failure, news] = [true, null, null];
    update();
    try {
      const { body } = await send();
      // Lists of the table and of queues lag behind: what was done is shown at once, and not asked for.
      settle(body);
      news = done(body);
      [task, problems] = [null, {}];
      say(news);
    } catch (caught) {
      problems = caught instanceof Refused ? { ...problemsIn(caught), ...noteProblem(caught) } : {};
      failure = Object.keys(problems).length && caught.status === 400 ? null : caught;
    }
    [isBusy, asked] = [false, null];
    update();
    if (news) {
      focusOn(focus);
    } else {
      focusWrong(document.getElementById("main"));
    }
  }

  function correct(event, { OrderId, Status }) {
    event.preventDefault();
    const form = event.currentTarget;
    const order = orderOf({ ...fieldsOf(form), OrderId });
    problems = problemsOf(order);
    if (Object.keys(problems).length) {
      update();
      focusWrong(form);
      return;
    }
    act(() => orders.put(`/orders/${encodeURIComponent(OrderId)}`, order), {
      done: () => `Order ${OrderId} is corrected and on its way again.`,
      settle: () => without(lists[Status], "OrderId", OrderId),
      focus: LISTS[Status].id,
    });
  }

  function close(event, { OrderId, Status }) {
    event.preventDefault();
    const { note } = fieldsOf(event.currentTarget);
    if (!note.trim()) {
      problems = { note: "Say why it is closed." };
      update();
      focusWrong(event.currentTarget);
      return;
    }
    act(() => orders.post(`/orders/${encodeURIComponent(OrderId)}/close`, { note }), {
      done: () => `Order ${OrderId} is closed.`,
      settle: () => without(lists[Status], "OrderId", OrderId),
      focus: LISTS[Status].id,
    });
  }

  const remove = ({ MessageId }) =>
    act(() => orders.delete(`/parked/${encodeURIComponent(MessageId)}`), {
      done: () => "The message is removed.",
      settle: () => without(parked, "MessageId", MessageId),
      focus: "messages",
    });

  const redrive = (queue) =>
    act(() => orders.post(`/dead-letters/${encodeURIComponent(queue.Queue)}/redrive`), {
      done: (body) => redriveText(queue.Queue, body),
      settle: ({ failed, left }) => {
        queue.Messages = failed + left;
      },
      focus: "dead",
    });

  const reload = () => [...Object.values(lists), parked, dead, failed].forEach((resource) => resource.load());

  const body = () => html`
    <div class="bar">
      <p class="lead">What the workflow could not settle alone.</p>
      <button type="button" class="small" @click=${reload}>Reload</button>
    </div>
    ${news ? notice("good", html`<p>${news}</p>`) : nothing} ${failureNotice(failure)}
    ${Object.keys(LISTS).map(waitingOrders)} ${messages()} ${deadLetters()} ${failedReminders()}
  `;

  function waitingOrders(status) {
    const { id, title, none } = LISTS[status];
    const rows = (list) =>
      html`<ul class="rows">
        ${repeat(list, ({ OrderId }) => OrderId, waitingOrder)}
      </ul>`;
    return html`
      <section aria-labelledby=${id}>
        <h2 id=${id} tabindex="-1">${title}</h2>
        ${shown(lists[status], (list) => (list.length ? rows(list) : empty(...none)))}
        ${more(lists[status], title.toLowerCase())}
      </section>
    `;
  }

  function waitingOrder(order) {
    const isTask = (kind) => task?.kind === kind && task.id === order.OrderId;
    const buttons = html`
      <p class="buttons">
        <button
          type="button"
          class="small"
          id="correct-${order.OrderId}"
          aria-label="Correct order ${order.OrderId}"
          @click=${() => begin("correct", order.OrderId)}
        >
          Correct
        </button>
        <button
          type="button"
          class="small"
          aria-label="Close order ${order.OrderId}"
          @click=${() => begin("close", order.OrderId)}
        >
          Close
        </button>
      </p>
    `;
    return html`
      <li class="card row wrap">
        <div class="grow">
          <a class="title" href="#/orders/${encodeURIComponent(order.OrderId)}" dir="auto">${order.ItemName}</a>
          <p class="quiet">
            <span dir="auto">${order.Name}</span> · <span class="number">${priceText(order.Price)}</span> ·
            <span class="id">${order.OrderId}</span> ·
            <time datetime=${order.UpdatedAt}>${timeText(order.UpdatedAt)}</time>
          </p>
          ${reasons(order)}
        </div>
        <div class="end">${isTask("correct") || isTask("close") ? nothing : buttons}</div>
        ${isTask("correct") ? correction(order) : isTask("close") ? closing(order) : nothing}
      </li>
    `;
  }

  const correction = (order) => html`
    <form
      class="inset full"
      novalidate
      aria-label="Correct order ${order.OrderId}"
      @submit=${(event) => correct(event, order)}
    >
      ${orderFields({ form: "correct", values: order, problems, isOwn: false })} ${taskButtons("Send it again", order)}
    </form>
  `;

  const closing = (order) => html`
    <form
      class="inset full"
      novalidate
      aria-label="Close order ${order.OrderId}"
      @submit=${(event) => close(event, order)}
    >
      ${textArea({
        form: "close",
        name: "note",
        label: "Note",
        maxlength: 500,
        rows: 2,
        hint: "Who placed the order reads it.",
        problem: problems.note,
      })}
      ${taskButtons("Close the order", order)}
    </form>
  `;

  const taskButtons = (label, { OrderId }) => html`
    <p class="buttons">
      <button class="primary" ?disabled=${isBusy}>${label}</button>
      <button type="button" @click=${() => begin(null, OrderId)}>Not now</button>
    </p>
  `;

  function messages() {
    const rows = (items) =>
      html`<ul class="rows">
        ${repeat(items, ({ MessageId }) => MessageId, message)}
      </ul>`;
    return html`
      <section aria-labelledby="messages">
        <h2 id="messages" tabindex="-1">Parked messages</h2>
        <p class="quiet">They stay until somebody has seen to them and removes them.</p>
        ${shown(parked, (items) => (items.length ? rows(items) : empty("No messages", "The parked queue is empty.")))}
      </section>
    `;
  }

  const message = (item) => html`
    <li class="card row wrap">
      <div class="grow">
        <p class="title">${item.Error}</p>
        <p class="quiet">
          ${item.State ? html`in the state “${item.State}”` : "between two states"}
          ${item.OrderId ? html` · order ${orderLink(item.OrderId)}` : " · no order"}
          ${item.Status ? html` · ${chip(STATUSES[item.Status])}` : nothing}
        </p>
        ${item.Order ? contentOf(item.Order) : nothing}
        <p class="quiet id">${item.ExecutionId}</p>
      </div>
      <div class="end">
        ${confirmButton({
          id: `remove-${item.MessageId}`,
          label: "Remove",
          about: `message about ${item.OrderId ?? "no order"}, ${item.Error}`,
          question: "Has somebody seen to it?",
          yes: "Yes, remove it",
          asked,
          ask,
          act: () => remove(item),
          isBusy,
        })}
      </div>
    </li>
  `;

  const orderLink = (id) => html`<a class="id" href="#/orders/${encodeURIComponent(id)}">${id}</a>`;

  const contentOf = ({ ItemName, Name, Price }) => html`
    <p dir="auto">${ItemName} for ${Name}, ${priceText(Price)}</p>
  `;

  function deadLetters() {
    return html`
      <section aria-labelledby="dead">
        <h2 id="dead" tabindex="-1">Dead letters</h2>
        <p class="quiet">Messages that an application failed on five times over.</p>
        ${shown(
          dead,
          (queues) =>
            html`<ul class="rows">
              ${repeat(queues, ({ Queue }) => Queue, deadQueue)}
            </ul>`,
        )}
      </section>
    `;
  }

  const deadQueue = (queue) => html`
    <li class="card row">
      <div class="grow">
        <p class="title">${queue.Queue}</p>
        <p class="quiet">
          <span class="number">${queue.Messages}</span> ${queue.Messages === 1 ? "message" : "messages"}
        </p>
      </div>
      <div class="end">
        <button
          type="button"
          class="small"
          aria-label="Move back into ${queue.Queue}"
          ?disabled=${isBusy || !queue.Messages}
          @click=${() => redrive(queue)}
        >
          Move back
        </button>
      </div>
    </li>
  `;

  function failedReminders() {
    const rows = (list) =>
      html`<ul class="rows">
        ${repeat(list, ({ reminderId }) => reminderId, failedReminder)}
      </ul>`;
    return html`
      <section aria-labelledby="failed">
        <h2 id="failed">Failed reminders</h2>
        ${shown(failed, (list) => (list.length ? rows(list) : empty("None has failed", "Every reminder was kept.")))}
        ${more(failed, "failed reminders")}
      </section>
    `;
  }

  const failedReminder = ({ message: text, dueAt, preference, email, phone, reason }) => html`
    <li class="card row">
      <div class="grow">
        <p class="title message" dir="auto">${text}</p>
        <p class="quiet">
          <time datetime=${dueAt}>${timeText(dueAt)}</time> · by
          ${CHANNELS[preference]}${email || phone ? ` to ${[email, phone].filter(Boolean).join(" and ")}` : nothing}
        </p>
        <p class="reason">${reason}</p>
      </div>
    </li>
  `;

  return { title: "Operators", body };
}

function without(resource, key, id) {
  resource.value = resource.value.filter((one) => one[key] !== id);
}

function noteProblem({ details }) {
  const found = details.find(({ field }) => field === "note");
  return found ? { note: `This ${found.problem}.` } : {};
}

function redriveText(queue, { moved, failed, left }) {
  const rest = [failed && `${failed} could not be moved`, left && `${left} left`].filter(Boolean).join(", ");
  return `${moved} ${moved === 1 ? "message" : "messages"} moved back into ${queue}${rest ? `; ${rest}` : ""}.`;
}
