import { ServerDown, send } from "./http.js";

/** @import { Config } from "./types/page.js" */

/** @returns {Promise<Config>} */
export async function loadConfig() {
  const { status, body } = await send("/config.json");
  if (status !== 200 || !body) {
    throw new ServerDown();
  }
  return body;
}
