/** What the page knows of orders. Pure. */

/** @import { Refused } from "./http.js" */
/** @import { Mark, Problems } from "./types/page.js" */

/** @typedef {import("./types/orders.js").OrderState} Order */

/** @typedef {import("./types/orders.js").OrderStatus} Status */

/** @typedef {{OrderId: string, Name: string, ItemName: string, Price: string, CC: string}} Form an order as it is typed */

/** @typedef {keyof typeof MARKS} Signed how far an order is with a state: what the path's signs stand for */

/** @typedef {{name: string, mark: Signed, word: string}} Step */

/** @type {Record<import("./types/orders.js").Reason, string>} */
export const REASONS = {
  CARD_NOT_16_DIGITS: "The card number does not have exactly 16 digits.",
  CARD_CHECKSUM_WRONG: "The card number’s check digit is wrong.",
  PRICE_NOT_A_DECIMAL: "The price is not a decimal number such as 80000 or 12.50.",
  PRICE_NOT_POSITIVE: "The price is not above zero.",
};

/** @type {Record<Status, Mark & {sentence: string}>} */
export const STATUSES = {
  RECEIVED: { word: "On its way", tone: "busy", sentence: "The workflow is working on this order." },
  FULFILLMENT_QUEUED: {
    word: "In fulfillment",
    tone: "good",
    sentence: "All is well with this order: it is in the queue for fulfillment.",
  },
  ESCALATED: {
    word: "Needs a person",
    tone: "care",
    sentence: "This order is in the escalation queue; a person looks into it.",
  },
  PARKED: {
    word: "Parked",
    tone: "bad",
    sentence: "Something failed on our side. The order is kept, and an operator looks into it.",
  },
  CLOSED: { word: "Closed", tone: "quiet", sentence: "An operator has closed this order." },
};

const STATES = ["Update the order table", "Are details Proper", "Put message in Queue"];

/** @type {Partial<Record<Status, string>>} */
const ENDS = {
  FULFILLMENT_QUEUED: "Put message in order OrderFulfillment Queue",
  ESCALATED: "Put message in order Escalation Queue",
  PARKED: "Park the order",
};

const MARKS = {
  done: "done",
  current: "now",
  next: "next",
  possible: "possible",
  unclear: "not known",
  passed: "not taken",
};

/** Filled in by the form; the good one passes both of the card rules that a stage may have. */
export const SAMPLES = [
  { title: "A good order", Price: "80000", CC: "4242424242424242" },
  { title: "Price below zero", Price: "-123", CC: "4242424242424242" },
  { title: "Card too short", Price: "80000", CC: "424242424242" },
  { title: "Both wrong", Price: "-123", CC: "424242424242" },
].map((sample) => ({ Name: "Sample Customer", ItemName: "Lenovo ThinkPad E14", ...sample }));

/** @type {Record<string, string>} */
const FORMS = {
  OrderId: "Use up to 64 letters, digits, dots, dashes and underscores, with a letter or a digit first.",
  Name: "Use up to 200 characters, on one line.",
  ItemName: "Use up to 200 characters, on one line.",
  Price: "Use up to 32 characters.",
  CC: "Use up to 32 characters.",
};

/** @type {Record<string, string>} */
const MISSING = {
  OrderId: "Give the order an id.",
  Name: "Enter the customer’s name.",
  ItemName: "Say what is ordered.",
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
 * Of one on its way the API tells whether the workflow has taken it up, which its first state does, and not how far it
 * is after that: the second is marked until it has come to its end. What nobody can know from it is marked so.
 *
 * @param {Order | null} order null before there is one
 */
export function pathOf(order) {
  const end = endOf(order);
  const onItsWay = order ? marksAt(STATES.indexOf(order.State ?? "")) : STATES.map(() => /** @type {const} */ ("next"));
  const over = end === "PARKED" ? "unclear" : "done";
  return {
    states: STATES.map((name, i) => step(name, end ? over : onItsWay[i])),
    ends: Object.entries(ENDS).map(([status, name]) => ({
      ...step(name, end ? (status === end ? "done" : "passed") : "possible"),
      tone: STATUSES[/** @type {Status} */ (status)].tone,
    })),
    isClosed: order?.Status === "CLOSED",
  };
}

/**
 * @param {string} name
 * @param {Signed} mark
 * @returns {Step}
 */
const step = (name, mark) => ({ name, mark, word: MARKS[mark] });

/**
 * @param {number} at the index of the state that the order is in, -1 where that is not known
 * @returns {Signed[]}
 */
function marksAt(at) {
  return STATES.map((_, i) => (at < 0 ? "unclear" : i < at ? "done" : i === at ? "current" : "next"));
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
 * Whether there can be an order with this id.
 *
 * @param {string} text
 */
export const isOrderId = (text) => PATTERNS.OrderId.test(text);

/** Letters and digits that nobody takes for others. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

export function proposedId() {
  const numbers = crypto.getRandomValues(new Uint8Array(8));
  return `web-${Array.from(numbers, (number) => LETTERS[number % LETTERS.length]).join("")}`;
}

/**
 * The order as the API takes it: people write cards in groups.
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
 * What is wrong with the form of an order. What breaks a rule of business is not: the workflow judges it.
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
 * The details of a refusal, in words.
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
 * A price with its thousands apart; what is no decimal stays as it came.
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
