/** The calls of the account API, in parts or repeated until all is done. */

import { Refused, SignedOut } from "../../http.js";

/** @import { Api } from "../../api.js" */
/** @import { Session } from "../../session.js" */
/** @import { AccountData, DeletionReceipt, StoreCount } from "../../types/account.js" */

/** The pause in milliseconds before the next call, if something has to be waited for. */
const PAUSE = 20_000;

/**
 * Deletes the account, with as many calls as it takes. Returns the receipt of all calls.
 *
 * @param {Api} api
 * @param {Session} session
 * @param {{signal: AbortSignal, waiting: (waits: StoreCount[]) => void}} options
 */
export async function deletion(api, session, { signal, waiting }) {
  /** @type {DeletionReceipt[]} */
  const receipts = [];
  for (;;) {
    const receipt = await deleted(api, session);
    receipts.push(receipt);
    waiting(receipt.waits);
    if (receipt.complete) {
      return summed(receipts);
    }
    if (receipt.waits.length) {
      await new Promise((done) => setTimeout(done, PAUSE));
    }
    signal.throwIfAborted();
  }
}

/**
 * @param {Api} api
 * @param {Session} session
 * @returns {Promise<DeletionReceipt>}
 */
async function deleted(api, session) {
  try {
    return (await api.delete("/account")).body;
  } catch (caught) {
    if (caught instanceof Refused && caught.code === "SignInAgain") {
      // The page asks for the password, and keeps the form.
      session.end();
      throw new SignedOut();
    }
    throw caught;
  }
}

/**
 * Joins the parts of a copy to one document.
 *
 * @param {AccountData[]} parts
 */
export function joined(parts) {
  const { format, madeAt, account } = parts[0];
  const all = (/** @type {"orders" | "reminders" | "messages"} */ name) => parts.flatMap((part) => part[name]);
  const lists = { orders: all("orders"), reminders: all("reminders"), messages: all("messages") };
  return { format, madeAt, account, ...lists, elsewhere: parts[parts.length - 1].elsewhere };
}

/**
 * Adds up the counts of all calls of a deletion, and joins what stays: the last call cannot know which queue an earlier
 * call did not search to its end.
 *
 * @param {DeletionReceipt[]} receipts
 * @returns {DeletionReceipt}
 */
function summed(receipts) {
  /** @type {Map<string, StoreCount>} */
  const removed = new Map();
  for (const one of receipts.flatMap((receipt) => receipt.removed)) {
    removed.set(one.store, { ...one, count: one.count + (removed.get(one.store)?.count ?? 0) });
  }
  const stays = new Map(receipts.flatMap((receipt) => receipt.stays).map((one) => [JSON.stringify(one), one]));
  return { ...receipts[receipts.length - 1], removed: [...removed.values()], stays: [...stays.values()] };
}
