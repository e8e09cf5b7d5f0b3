/** Finds the figures of a dashboard: what to ask CloudWatch for, and what its answer says. Pure. */

const TARGET = "GraniteServiceVersion20100801";
const SUMS = ["Sum", "SampleCount"];

/** @typedef {{id?: string, label: string, stat?: string, expression?: string, visible?: boolean}} Options */

/** @typedef {(string | Options)[]} MetricOfBody namespace, name, names and values of dimensions, and options */

/**
 * @typedef {object} Widget
 * @property {string} type
 * @property {{title: string, markdown?: string, alarms?: string[], period?: number, metrics?: MetricOfBody[], yAxis?: {left: {label?: string}}}} properties
 */

/** @typedef {{widgets: Widget[]}} Body */

/** @typedef {{label: string, figure: string}} Line */

/** @typedef {{title: string, lines: Line[]}} Graph */

/** @typedef {{title: string, graphs: Graph[]}} Row */

/** @typedef {{Id: string, Values: number[], Timestamps: number[]}} Result */

/**
 * The headers of a call of CloudWatch.
 *
 * @param {string} operation
 * @param {string} key the access key. The call is not signed: only the laptop cloud accepts this
 */
export const headersOf = (operation, key) => ({
  "Content-Type": "application/x-amz-json-1.0",
  "X-Amz-Target": `${TARGET}.${operation}`,
  Authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=none`,
});

/**
 * @param {Body} body
 * @returns {string[]} the names of the alarms
 */
export const alarmsOf = ({ widgets }) =>
  widgets.flatMap(({ properties }) => properties.alarms ?? []).map((arn) => arn.slice(arn.indexOf(":alarm:") + 7));

/**
 * @param {Body} body
 * @returns {object[]} one query for each line of each graph
 */
export const queriesOf = ({ widgets }) =>
  widgets.flatMap(({ properties: { metrics = [], period } }, number) => {
    const own = new Set(metrics.map((metric) => optionsOf(metric).id));
    return metrics.map((metric, position) => {
      const { id, stat, expression } = optionsOf(metric);
      const query = { Id: idOf(number, id ?? position) };
      if (expression) {
        // Ids are unique only within their graph.
        const among = expression.replace(/[a-z]\w*/g, (found) => (own.has(found) ? idOf(number, found) : found));
        return { ...query, Expression: among };
      }
      return { ...query, MetricStat: { Metric: metricOf(metric), Period: period, Stat: stat } };
    });
  });

/**
 * @param {Body} body
 * @param {Result[]} results
 * @returns {Row[]}
 */
export function rowsOf({ widgets }, results) {
  const byId = new Map(results.map((result) => [result.Id, result]));
  /** @type {Row[]} */
  const rows = [];
  widgets.forEach(({ properties }, number) => {
    if (properties.markdown) {
      rows.push({ title: properties.markdown.replace(/^#+ /, ""), graphs: [] });
    } else if (properties.metrics) {
      const unit = unitOf(properties.yAxis?.left.label);
      const lines = properties.metrics.flatMap((metric, position) => {
        const { id, label, stat, visible = true } = optionsOf(metric);
        const value = valueOf(byId.get(idOf(number, id ?? position)), stat);
        return visible ? [{ label, figure: value === null ? "–" : `${numberText(value)}${unit}` }] : [];
      });
      rows.at(-1)?.graphs.push({ title: properties.title, lines });
    }
  });
  return rows.filter(({ graphs }) => graphs.length > 0);
}

/** @param {number} value */
const numberText = (value) =>
  value.toLocaleString("en", Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });

/**
 * The sum of what is counted, or else the last value.
 *
 * @param {Result | undefined} result
 * @param {string} [stat]
 */
function valueOf(result, stat = "") {
  const values = result?.Values ?? [];
  if (SUMS.includes(stat)) {
    return values.reduce((sum, value) => sum + value, 0);
  }
  const times = result?.Timestamps ?? [];
  return values.length ? values[times.indexOf(Math.max(...times))] : null;
}

/** @param {string} [label] */
const unitOf = (label = "") => (["ms", "s", "%"].includes(label) ? ` ${label}` : "");

/** @param {MetricOfBody} metric */
const optionsOf = (metric) => /** @type {Options} */ (metric.at(-1));

/** @param {MetricOfBody} metric */
function metricOf([Namespace, MetricName, ...rest]) {
  const dimensions = rest.slice(0, -1);
  const Dimensions = dimensions.flatMap((Name, i) => (i % 2 ? [] : [{ Name, Value: dimensions[i + 1] }]));
  return { Namespace, MetricName, Dimensions };
}

/**
 * @param {number} number
 * @param {string | number} id
 */
const idOf = (number, id) => `w${number}_${id}`;
