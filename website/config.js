import { ServerDown } from "./failures.js";
import { send } from "./http.js";

/**
 * Where everything is; written when the site is deployed.
 *
 * @typedef {object} Config
 * @property {string} signIn Cognito's address
 * @property {string} clientId
 * @property {string} ordersApi
 * @property {string} remindersApi
 * @property {string | null} outbox
 * @property {Record<string, string>} queues URL by name
 */

/** @returns {Promise<Config>} */
export async function loadConfig() {
  const { status, body } = await send("/config.json");
  if (status !== 200 || !body) {
    throw new ServerDown();
  }
  return body;
}
