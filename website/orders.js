/** Rules and words of orders. Pure. */

/** @import { Refused } from "./http.js" */
/** @import { Mark, Problems } from "./types/page.js" */

/** @typedef {import("./types/orders.js").OrderState} Order */

/** @typedef {import("./types/orders.js").OrderStatus} Status */

/** @typedef {{OrderId: string, Name: string, ItemName: string, Price: string, CC: string}} Form an order as typed */

/** @typedef {keyof typeof MARKS} Signed how far an order is with a state */

/** @typedef {{title: string, mark: Signed, word: string}} Step */

/** @typedef {{name: string, title: string}} State a state of the workflow: its own name, and its title for people */

/** @type {Record<import("./types/orders.js").Reason, string>} */
export const REASONS = {
  CARD_NOT_16_DIGITS: "The card number does not have exactly 16 digits.",
  CARD_CHECKSUM_WRONG: "The card number’s check digit is wrong.",
  PRICE_NOT_A_DECIMAL: "The price is not a decimal number such as 80000 or 12.50.",
  PRICE_NOT_POSITIVE: "The price is not above zero.",
};

/**
 * What the owner of an escalated order can do about each reason.
 *
 * @type {Record<import("./types/orders.js").Reason, string>}
 */
export const REMEDIES = {
  CARD_NOT_16_DIGITS: "Enter all 16 digits of the card.",
  CARD_CHECKSUM_WRONG: "Compare the number with the card: a digit is probably mistyped.",
  PRICE_NOT_A_DECIMAL: "Enter the price with digits and a dot.",
  PRICE_NOT_POSITIVE: "Enter a price above zero.",
};

/** @type {Record<Status, Mark & {sentence: string}>} */
export const STATUSES = {
  RECEIVED: { word: "In progress", tone: "busy", sentence: "We are recording and checking this order." },
  FULFILLMENT_QUEUED: {
    word: "In fulfillment",
    tone: "good",
    sentence: "This order passed its checks and is in the fulfillment queue.",
  },
  ESCALATED: {
    word: "Needs review",
    tone: "care",
    sentence: "This order did not pass its checks. Correct it here, or wait for an operator.",
  },
  PARKED: {
    word: "Being looked into",
    tone: "busy",
    sentence: "Something went wrong on our side, and we are looking into it. You do not need to do anything.",
  },
  CLOSED: { word: "Closed", tone: "quiet", sentence: "An operator has closed this order." },
};

/**
 * The status as operators know it. They use the word of the docs and of the command line.
 *
 * @param {Status} status
 * @returns {Mark}
 */
export const markForOperators = (status) =>
  status === "PARKED" ? { ...STATUSES.PARKED, word: "Parked" } : STATUSES[status];

/** @type {State[]} */
export const STATES = [
  { name: "Update the order table", title: "Recorded" },
  { name: "Are details Proper", title: "Checked" },
];

/** The state that chooses one of ENDS. It has no title, because nobody ever sees an order in it. */
export const CHOICE = "Put message in Queue";

/** @type {Partial<Record<Status, State>>} */
export const ENDS = {
  FULFILLMENT_QUEUED: { name: "Put message in order OrderFulfillment Queue", title: "In the fulfillment queue" },
  ESCALATED: { name: "Put message in order Escalation Queue", title: "With an operator" },
  PARKED: { name: "Park the order", title: "Set aside after a fault" },
};

const MARKS = {
  done: "done",
  current: "now",
  next: "next",
  possible: "possible",
  unclear: "unclear",
  passed: "not taken",
};

/** Orders that the form can fill in. The good one passes both card rules that a stage can have. */
export const SAMPLES = [
  { title: "A good order", Price: "80000", CC: "4242424242424242" },
  { title: "Price below zero", Price: "-123", CC: "4242424242424242" },
  { title: "Card too short", Price: "80000", CC: "424242424242" },
  { title: "Both wrong", Price: "-123", CC: "424242424242" },
].map((sample) => ({ Name: "Sample Customer", ItemName: "Lenovo ThinkPad E14", ...sample }));

/** @type {Record<string, string>} */
const FORMS = {
  OrderId: "Use up to 64 letters, digits, dots, dashes and underscores. Begin with a letter or a digit.",
  Name: "Use up to 200 characters, on one line.",
  ItemName: "Use up to 200 characters, on one line.",
  Price: "Use up to 32 characters.",
  CC: "Use up to 32 characters.",
};

/** @type {Record<string, string>} */
const MISSING = {
  OrderId: "Enter an order id.",
  Name: "Enter the customer’s name.",
  ItemName: "Enter an item.",
  Price: "Enter a price.",
  CC: "Enter a test card number.",
};

const ONE_LINE = /^[^\p{Cc}\u2028\u2029\uFDD0-\uFDEF\uFFFD-\uFFFF]{1,200}$/u;
const SHORT = /^.{1,32}$/su;
const PATTERNS = {
  OrderId: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  Name: ONE_LINE,
  ItemName: ONE_LINE,
  Price: SHORT,
  CC: SHORT,
};

/**
 * The path of an order through its workflow.
 *
 * While an order is in progress, the API only reports whether its first state has run. The path then marks the second
 * state as current until the order is settled. States that the answer says nothing about are marked as unclear.
 *
 * @param {Order | null} order null before there is one
 */
export function pathOf(order) {
  const end = endOf(order);
  const marks = marksOf(order, end);
  return {
    states: STATES.map(({ title }, i) => ({ title, mark: marks[i], word: MARKS[marks[i]] })),
    ends: Object.entries(ENDS).map(([status, { title }]) => ({
      title,
      ...markOfEnd(/** @type {Status} */ (status), order, end),
    })),
    isClosed: order?.Status === "CLOSED",
  };
}

/**
 * @param {Order | null} order
 * @param {Status | null} end
 * @returns {Signed[]}
 */
function marksOf(order, end) {
  if (!order) {
    return STATES.map(() => "next");
  }
  if (end) {
    // An order that a fault has stopped was recorded. If it is in a queue, it was checked too.
    return ["done", end === "PARKED" && !order.Queue ? "unclear" : "done"];
  }
  const at = STATES.findIndex(({ name }) => name === order.State);
  return STATES.map((_, i) => (at < 0 ? "unclear" : i < at ? "done" : i === at ? "current" : "next"));
}

/**
 * An order that was set aside can still reach the other outcomes.
 *
 * @param {Status} status of the outcome
 * @param {Order | null} order
 * @param {Status | null} end
 * @returns {Mark & {mark: Signed}}
 */
function markOfEnd(status, order, end) {
  const { tone, word } = STATUSES[status];
  if (status !== end) {
    /** @type {Signed} */
    const mark = end && order?.Status !== "PARKED" ? "passed" : "possible";
    return { tone, mark, word: MARKS[mark] };
  }
  if (order?.Status === "CLOSED") {
    return { tone: "quiet", mark: "done", word: "was here" };
  }
  return { tone, mark: "done", word: status === "PARKED" ? word.toLowerCase() : "here now" };
}

/**
 * @param {Order | null} order
 * @returns {Status | null}
 */
function endOf(order) {
  if (order?.Status === "CLOSED") {
    return order.Reasons.length ? "ESCALATED" : "PARKED";
  }
  return order && order.Status in ENDS ? order.Status : null;
}

/**
 * Whether `text` is a valid order id.
 *
 * @param {string} text
 */
export const isOrderId = (text) => PATTERNS.OrderId.test(text);

/** Letters and digits that cannot be mistaken for one another. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

export function proposedId() {
  const numbers = crypto.getRandomValues(new Uint8Array(8));
  return `web-${Array.from(numbers, (number) => LETTERS[number % LETTERS.length]).join("")}`;
}

/**
 * Returns the order as the API accepts it. People type card numbers in groups.
 *
 * @param {Record<string, string>} form
 * @returns {Form}
 */
export function orderOf({ OrderId, Name, ItemName, Price, CC }) {
  return {
    OrderId: OrderId.trim(),
    Name: Name.trim(),
    ItemName: ItemName.trim(),
    Price: Price.trim(),
    CC: CC.replace(/[\s-]/g, ""),
  };
}

/**
 * Returns the problems of the form by field. The workflow checks the business rules, not this form.
 *
 * @param {Form} order
 * @returns {Problems}
 */
export function problemsOf(order) {
  const names = /** @type {(keyof Form)[]} */ (Object.keys(PATTERNS));
  const wrong = names.filter((name) => !PATTERNS[name].test(order[name]));
  return Object.fromEntries(wrong.map((name) => [name, order[name] === "" ? MISSING[name] : FORMS[name]]));
}

/**
 * Returns the details of a refusal by field, as sentences.
 *
 * @param {Refused} refusal
 * @returns {Problems}
 */
export function problemsIn({ status, code, message, details }) {
  if (status === 409 && code === "Conflict") {
    return { OrderId: message };
  }
  return Object.fromEntries(details.map(({ field, problem }) => [field, `This ${problem}.`]));
}

/**
 * Returns a price with its thousands grouped. Text that is not a decimal number stays unchanged.
 *
 * @param {string} price
 */
export function priceText(price) {
  const found = /^-?[0-9]{1,12}(?:\.([0-9]{1,4}))?$/.exec(price);
  if (!found) {
    return price;
  }
  return new Intl.NumberFormat(undefined, { minimumFractionDigits: found[1]?.length ?? 0 }).format(
    /** @type {`${number}`} */ (price),
  );
}
