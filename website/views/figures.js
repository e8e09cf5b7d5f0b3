import { now } from "../clock.js";
import { alarmsOf, headersOf, queriesOf, rowsOf } from "../figures.js";
import { ServerDown, send } from "../http.js";
import { shown } from "../parts/shown.js";
import { Resource, poll } from "../resource.js";
import { notice } from "../ui.js";
import { html } from "../vendor/lit-html.js";

/** @import { Graph, Row } from "../figures.js" */
/** @import { Figures as Source, Page } from "../types/page.js" */

/** @typedef {{alarms: number, ringing: string[], rows: Row[]}} Shown */

const AGAIN = 10_000;
const MINUTES = 15;

/** Shows operators the figures of the stage's dashboards, as CloudWatch has them. */
export class Figures {
  #page;
  /** @type {Source} */
  #source;
  /** The key of the dashboard that is shown. */
  #chosen;
  /** @type {Resource<Shown>} */
  #figures;

  // Lifecycle

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    this.#source = /** @type {Source} */ (page.config.figures);
    [this.#chosen] = Object.keys(this.#source.dashboards);
    this.#figures = new Resource(page, () => this.#read());
    poll(() => this.#reload(), { signal: page.signal, first: AGAIN, longest: AGAIN });
  }

  // Actions

  /** @returns {Promise<Shown>} */
  async #read() {
    const { DashboardBody } = await this.#ask("GetDashboard", {
      DashboardName: this.#source.dashboards[this.#chosen],
    });
    const body = JSON.parse(DashboardBody);
    const end = Math.ceil(now() / 60_000) * 60;
    const names = alarmsOf(body);
    const [{ MetricDataResults }, { MetricAlarms, CompositeAlarms }] = await Promise.all([
      this.#ask("GetMetricData", {
        MetricDataQueries: queriesOf(body),
        StartTime: end - MINUTES * 60,
        EndTime: end,
      }),
      this.#ask("DescribeAlarms", { AlarmNames: names, AlarmTypes: ["MetricAlarm", "CompositeAlarm"] }),
    ]);
    const ringing = [...MetricAlarms, ...CompositeAlarms].filter(({ StateValue }) => StateValue === "ALARM");
    return {
      alarms: names.length,
      ringing: ringing.map(({ AlarmName }) => AlarmName),
      rows: rowsOf(body, MetricDataResults),
    };
  }

  /**
   * @param {string} operation
   * @param {object} request
   */
  async #ask(operation, request) {
    const { address, key } = this.#source;
    const headers = headersOf(operation, key);
    const { status, body } = await send(address, {
      method: "POST",
      headers,
      body: request,
      signal: this.#page.signal,
    });
    if (status !== 200 || !body) {
      throw new ServerDown();
    }
    return body;
  }

  /** Returns false, so that `poll` never stops. */
  async #reload() {
    await this.#figures.load();
    return false;
  }

  /** @param {string} key */
  async #choose(key) {
    this.#chosen = key;
    await this.#figures.load();
    this.#page.say(`Figures of ${key}`);
  }

  // Rendering

  render() {
    return html`
      <p class="lead">
        The last ${MINUTES} minutes, as the dashboards show them. Counts are sums; other figures are the last ones.
      </p>
      <p class="buttons" role="group" aria-label="Dashboard">
        ${Object.keys(this.#source.dashboards).map(
          (key) => html`
            <button
              type="button"
              class="small"
              aria-pressed=${key === this.#chosen ? "true" : "false"}
              @click=${() => this.#choose(key)}
            >
              ${key}
            </button>
          `,
        )}
      </p>
      ${shown(this.#figures, figures, { lines: 6 })}
    `;
  }
}

/** @param {Shown} found */
const figures = ({ alarms, ringing, rows }) => html`
  ${
    ringing.length
      ? notice("bad", html`<p>${ringing.length} of ${alarms} alarms: ${ringing.join(", ")}</p>`)
      : notice("good", html`<p>No alarm of ${alarms}.</p>`)
  }
  ${rows.map(
    ({ title, graphs }, number) => html`
      <section aria-labelledby="row-${number}">
        <h2 id="row-${number}">${title}</h2>
        <div class="figures">${graphs.map(graph)}</div>
      </section>
    `,
  )}
`;

/** @param {Graph} one */
const graph = ({ title, lines }) => html`
  <div class="card">
    <h3>${title}</h3>
    <dl>
      ${lines.map(
        ({ label, figure }) => html`
          <div>
            <dt>${label}</dt>
            <dd>${figure}</dd>
          </div>
        `,
      )}
    </dl>
  </div>
`;
