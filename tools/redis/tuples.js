// What the three programs in this folder share: one key and its value in Redis. The Python twin is tuples.py.
"use strict";

const { createClient } = require("redis");

const URL_ON_THE_LAPTOP = "redis://127.0.0.1:6379";
const TIMEOUT_MILLISECONDS = 5000;

/**
 * Calls `action` with a client and the arguments that `usage` names.
 *
 * The server is that of the setting REDIS_URL, `redis[s]://[user:password@]host[:port]`; `rediss` speaks TLS.
 * Sets the exit status: 0 done, 1 no such key or no answer from the server, 2 wrong arguments.
 */
async function run(usage, action) {
  const [program, ...names] = usage.split(" ");
  const given = process.argv.slice(2);
  if (given.length !== names.length) {
    console.error(`usage: ${program} ${names.join(" ")}`);
    process.exitCode = 2;
    return;
  }
  let client;
  try {
    client = createClient({
      url: process.env.REDIS_URL || URL_ON_THE_LAPTOP,
      disableOfflineQueue: true,
      socket: {
        connectTimeout: TIMEOUT_MILLISECONDS,
        socketTimeout: TIMEOUT_MILLISECONDS,
        reconnectStrategy: false,
      },
    });
    // Without a listener the error would end the program before it is told in words.
    client.on("error", () => {});
    await client.connect();
    process.exitCode = (await action(client, ...given)) ? 0 : 1;
  } catch (error) {
    console.error(client ? `no answer from Redis: ${error.message}` : `REDIS_URL is not an address: ${error.message}`);
    process.exitCode = 1;
  } finally {
    if (client && client.isOpen) client.destroy();
  }
}

module.exports = { run };
