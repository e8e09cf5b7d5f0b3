import { Refused, Unchanged } from "../failures.js";
import { STATUSES, orderOf, priceText, problemsIn, problemsOf } from "../orders.js";
import { Pages } from "../pages.js";
import { confirmButton } from "../parts/confirm.js";
import { more } from "../parts/more.js";
import { ORDER_FIELDS, orderFields } from "../parts/order-form.js";
import { reasons } from "../parts/reasons.js";
import { CHANNELS } from "../reminders.js";
import { Resource } from "../resource.js";
import { timeText } from "../times.js";
import {
  chip,
  empty,
  failureNotice,
  fieldsOf,
  focusOn,
  focusWrong,
  haveTheirPlaces,
  notice,
  shown,
  textArea,
  textField,
} from "../ui.js";
import { html, nothing } from "../vendor/lit-html.js";
import { repeat } from "../vendor/directives/repeat.js";

const LISTS = {
  ESCALATED: { id: "escalated", title: "Escalated orders", none: ["No escalations", "Every order has found its way."] },
  PARKED: { id: "parked", title: "Parked orders", none: ["Nothing is parked", "Nothing has failed for good."] },
};

/** What the forms show. */
const PLACES = { correct: ORDER_FIELDS, close: ["note"] };

/** An order parked in this state is in its queue already. Rows of an earlier version do not say so themselves. */
const RECORDING = "Record the outcome";

/** @param {import("../app.js").Page} page */
export function open(page) {
  const { orders, reminders, signal, update, say } = page;
  const of = (status) =>
    new Pages(page, (next) => orders.get("/orders", { query: { status, next }, signal }), "orders");
  const lists = { ESCALATED: of("ESCALATED"), PARKED: of("PARKED") };
  /** Its value has the messages as `items`, and about how many there are besides as `left`. */
  const parked = new Resource(page, async () => (await orders.get("/parked", { signal })).body);
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
    focusOn(kind === "correct" ? "correct-Name" : kind === "close" ? "close-note" : beginId(id));
  }

  /** Sends what an operator decided, and shows what it came to: nothing, where `send` throws Unchanged. */
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
      failure = haveTheirPlaces(problems, PLACES[task?.kind] ?? []) ? null : caught;
    }
    [isBusy, asked] = [false, null];
    update();
    if (news || !task) {
      focusOn(focus);
    } else {
      focusWrong(document.getElementById("main"));
    }
  }

  function correct(event, status, shownOrder) {
    event.preventDefault();
    const { OrderId } = shownOrder;
    const form = event.currentTarget;
    const order = orderOf({ ...fieldsOf(form), OrderId });
    problems = problemsOf(order);
    if (Object.keys(problems).length) {
      update();
      focusWrong(form);
      return;
    }
    const put = async () => {
      const answer = await orders.put(`/orders/${encodeURIComponent(OrderId)}`, order);
      if (answer.status !== 202) {
        Object.assign(shownOrder, answer.body);
        task = shownOrder.Status in LISTS ? task : null;
        const { word } = STATUSES[shownOrder.Status];
        throw new Unchanged(`Nothing has changed: order ${OrderId} has these values already. It is: ${word}.`);
      }
      return answer;
    };
    act(put, {
      done: () => `Order ${OrderId} is corrected and on its way again.`,
      settle: () => without(lists[status], OrderId),
      focus: LISTS[status].id,
    });
  }

  function close(event, status, { OrderId }) {
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
      settle: () => without(lists[status], OrderId),
      focus: LISTS[status].id,
    });
  }

  const remove = ({ MessageId }) =>
    act(() => orders.delete(`/parked/${encodeURIComponent(MessageId)}`), {
      done: () => "The message is removed.",
      settle: () => {
        parked.value.items = parked.value.items.filter((one) => one.MessageId !== MessageId);
      },
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

  function lookUp(event) {
    event.preventDefault();
    const id = fieldsOf(event.currentTarget).id.trim();
    problems = id ? {} : { id: "Enter an order’s id." };
    update();
    if (id) {
      location.hash = `#/orders/${encodeURIComponent(id)}`;
    } else {
      focusWrong(event.currentTarget);
    }
  }

  const lookUpForm = () => html`
    <form class="look-up" role="search" novalidate @submit=${lookUp}>
      ${textField({ form: "look-up", name: "id", label: "Look up an order", maxlength: 64, problem: problems.id })}
      <button>Look up</button>
    </form>
  `;

  const body = () => html`
    <div class="bar">
      <p class="lead">What the workflow could not settle alone.</p>
      <button type="button" class="small" @click=${reload}>Reload</button>
    </div>
    ${lookUpForm()} ${news ? notice("good", html`<p>${news}</p>`) : nothing} ${failureNotice(failure)}
    ${Object.keys(LISTS).map(waitingOrders)} ${messages()} ${deadLetters()} ${failedReminders()}
  `;

  function waitingOrders(status) {
    const { id, title, none } = LISTS[status];
    const rows = (list) =>
      html`<ul class="rows">
        ${repeat(
          list,
          ({ OrderId }) => OrderId,
          (order) => waitingOrder(status, order),
        )}
      </ul>`;
    return html`
      <section aria-labelledby=${id}>
        <h2 id=${id} tabindex="-1">${title}</h2>
        ${shown(lists[status], (list) => (list.length ? rows(list) : empty(...none)))}
        ${more(lists[status], title.toLowerCase())}
      </section>
    `;
  }

  /** What its messages say about an order that is parked, for whoever is about to send it again or close it. */
  function warningOf({ OrderId, Queue }) {
    if (Queue === "EscalationQueue") {
      return { words: "This order is already escalated; only its status is out of date. Correct or close it." };
    }
    const messages = parked.value?.items.filter((item) => item.OrderId === OrderId) ?? [];
    if (Queue || messages.some(({ State }) => State === RECORDING)) {
      const words = "This order is already in its queue; only its status is out of date. Do not resend or close it.";
      return { isQueued: true, words };
    }
    if (!messages.length && (parked.failure || parked.value?.left)) {
      return {
        words:
          "Not all parked messages are shown, and this order’s is not among them. If it was parked in " +
          `“${RECORDING}” it is in its queue already: look for its message first.`,
      };
    }
    return {};
  }

  function waitingOrder(status, order) {
    const warning = status === "PARKED" ? warningOf(order) : {};
    const isKnown = status !== "PARKED" || parked.value || parked.failure;
    const form =
      task?.id === order.OrderId && !warning.isQueued ? { correct: correction, close: closing }[task.kind] : null;
    const buttons = html`
      <p class="buttons">
        <button
          type="button"
          class="small"
          id=${beginId(order.OrderId)}
          aria-label="Correct order ${order.OrderId}"
          ?disabled=${!isKnown}
          @click=${() => begin("correct", order.OrderId)}
        >
          Correct
        </button>
        <button
          type="button"
          class="small"
          aria-label="Close order ${order.OrderId}"
          ?disabled=${!isKnown}
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
          ${reasons(order)} ${warning.words ? html`<p class="reason">${warning.words}</p>` : nothing}
        </div>
        <div class="end">
          ${order.Status !== status ? chip(STATUSES[order.Status]) : form || warning.isQueued ? nothing : buttons}
        </div>
        ${form ? form(status, order) : nothing}
      </li>
    `;
  }

  const correction = (status, order) => html`
    <form
      class="inset full"
      novalidate
      aria-label="Correct order ${order.OrderId}"
      @submit=${(event) => correct(event, status, order)}
    >
      ${orderFields({ form: "correct", values: order, problems, isOwn: false })} ${taskButtons("Send it again", order)}
    </form>
  `;

  const closing = (status, order) => html`
    <form
      class="inset full"
      novalidate
      aria-label="Close order ${order.OrderId}"
      @submit=${(event) => close(event, status, order)}
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
        ${shown(parked, ({ items, left }) => [
          items.length
            ? rows(items)
            : left
              ? empty("None can be shown now", "Others may be looking at them. Reload in half a minute.")
              : empty("No messages", "The parked queue is empty."),
          left ? html`<p class="quiet">About ${left} more.</p>` : nothing,
        ])}
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
          ${item.Queue ? html` · already in ${item.Queue}` : nothing}
          ${item.Copies > 1 ? html` · sent ${item.Copies} times` : nothing}
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

  return body;
}

/** Of the button that leads to the correction. An order may be called `Name`, like a field of the form. */
const beginId = (id) => `begin-correct-order-${id}`;

function without(list, id) {
  list.value = list.value.filter(({ OrderId }) => OrderId !== id);
}

function noteProblem({ details }) {
  const found = details.find(({ field }) => field === "note");
  return found ? { note: `This ${found.problem}.` } : {};
}

function redriveText(queue, { moved, failed, left }) {
  const rest = [failed && `${failed} could not be moved`, left && `${left} left`].filter(Boolean).join(", ");
  return `${moved} ${moved === 1 ? "message" : "messages"} moved back into ${queue}${rest ? `; ${rest}` : ""}.`;
}
