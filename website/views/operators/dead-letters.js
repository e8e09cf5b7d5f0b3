import { deadIn } from "../../counts.js";
import { shown } from "../../parts/shown.js";
import { Resource } from "../../resource.js";
import { repeat } from "../../vendor/directives/repeat.js";
import { html } from "../../vendor/lit-html.js";

/** @import { DeadLetterQueue as Queue, RedrivenDeadLetters } from "../../types/orders.js" */
/** @import { Page } from "../../types/page.js" */
/** @import { Work } from "./work.js" */

/** The dead letters of each queue. */
export class DeadLetters {
  #page;
  #work;
  /** @type {Resource<Queue[]>} */
  #queues;

  // Lifecycle

  /**
   * @param {Page} page
   * @param {Work} work
   */
  constructor(page, work) {
    this.#page = page;
    this.#work = work;
    const { orders, signal } = page;
    this.#queues = new Resource(page, async () => (await orders.get("/dead-letters", { signal })).body.queues);
  }

  // Actions

  reload() {
    this.#queues.load();
  }

  /** @param {Queue} queue */
  #redrive(queue) {
    const { orders } = this.#page;
    this.#work.act(() => orders.post(`/dead-letters/${encodeURIComponent(queue.Queue)}/redrive`), {
      done: (body) => redriveText(queue.Queue, body),
      settle: ({ failed, left }) => {
        queue.Messages = failed + left;
      },
      focus: "dead",
    });
  }

  // Rendering

  render() {
    const { value } = this.#queues;
    if (value) {
      this.#page.counts?.note("dead", deadIn(value));
    }
    return html`
      <section aria-labelledby="dead">
        <h2 id="dead" tabindex="-1">Dead letters</h2>
        <p class="quiet">Messages that an application tried five times and could not process.</p>
        ${shown(
          this.#queues,
          (queues) =>
            html`<ul class="rows">
              ${repeat(
                queues,
                ({ Queue }) => Queue,
                (queue) => this.#row(queue),
              )}
            </ul>`,
        )}
      </section>
    `;
  }

  /** @param {Queue} queue */
  #row(queue) {
    return html`
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
            ?disabled=${this.#work.isBusy || !queue.Messages}
            @click=${() => this.#redrive(queue)}
          >
            Move back
          </button>
        </div>
      </li>
    `;
  }
}

/**
 * @param {string} queue
 * @param {RedrivenDeadLetters} redriven
 */
function redriveText(queue, { moved, failed, left }) {
  const rest = [failed && ` ${failed} could not be moved.`, left && ` ${left} still to move.`].filter(Boolean).join("");
  return `Moved ${moved} ${moved === 1 ? "message" : "messages"} back into ${queue}.${rest}`;
}
