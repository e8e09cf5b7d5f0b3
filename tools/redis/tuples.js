// Shared by the three programs in this folder: reads and writes one key in Redis. The Python twin is tuples.py.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const MESSAGES = require("./messages.json");
const TIMEOUT_MILLISECONDS = 5000;
/** The folder of this checkout's laptop cloud. */
const HOME = path.join(__dirname, "..", "..", ".local");
const REPLACED = "\ufffd";
const CAUSES = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "unknown host",
  ECONNRESET: "closed",
  EPIPE: "closed",
  ETIMEDOUT: "timeout",
};

/** The program prints the message and ends with the exit status 1. */
class Failure extends Error {
  constructor(name, values) {
    super(said(name, values));
  }
}

/** The program prints its usage and ends with the exit status 2. */
class WrongUsage extends Error {}

/**
 * Calls `action` with a client and the arguments that `usage` names, and sets the exit status.
 *
 * `about` is the first line of the help.
 */
async function run(usage, about, action) {
  const [program, ...names] = usage.split(" ");
  const line = `usage: ${program} [--home FOLDER] ${names.join(" ")}`;
  process.on("SIGINT", () => {
    console.error("error: interrupted");
    process.exit(130);
  });
  process.stdout.on("error", (error) => {
    // If the reader closes the pipe, it has read enough. That is not an error.
    if (error.code !== "EPIPE") {
      console.error(`error: standard output: ${words(error)}`);
    }
    process.exit(1);
  });
  process.stderr.on("error", () => {});
  try {
    process.exitCode = await runWith(line, about, names.length, action);
  } catch (error) {
    if (error instanceof WrongUsage) {
      console.error([line, error.message].filter(Boolean).join("\n"));
      process.exitCode = 2;
    } else if (error instanceof Failure) {
      console.error(`error: ${error.message}`);
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}

/** The message with this name in messages.json. */
function said(name, values = {}) {
  return filled(MESSAGES[name], values);
}

function filled(message, values) {
  return message.replace(/{([a-z]+)}/g, (_, name) => values[name]);
}

function words(error) {
  return error.code === "ENOSPC" ? "no space left on device" : error.code;
}

async function runWith(line, about, number, action) {
  const [home, given] = parse(process.argv.slice(2));
  if (given === null) {
    console.log([line, "", about, ...MESSAGES.help].join("\n"));
    return 0;
  }
  if (given.length !== number) {
    throw new WrongUsage();
  }
  // Node replaces bytes that are not UTF-8 with this character.
  if (given.some((argument) => argument.includes(REPLACED))) {
    throw new WrongUsage(said("no text"));
  }
  const setting = (process.env.REDIS_URL || "").trim();
  const server = setting && home === null ? named(setting) : ofLaptop(home === null ? HOME : expanded(home));
  console.error(said(server.home ? "talking to the laptop" : "talking", server));
  return (await ask(server, given, action)) ? 0 : 1;
}

/** The value of --home, and the keys and values; null instead of them if the user wants help. */
function parse(given) {
  let home = null;
  for (let next = 0; next < given.length; next += 1) {
    const option = given[next];
    if (option === "-h" || option === "--help") {
      return [home, null];
    }
    if (option === "--") {
      return [home, given.slice(next + 1)];
    }
    if (option !== "--home" && !option.startsWith("--home=")) {
      return [home, given.slice(next)];
    }
    home = option === "--home" ? (given[(next += 1)] ?? "") : option.slice("--home=".length);
    if (!home.trim()) {
      throw new WrongUsage(said("no home"));
    }
  }
  return [home, []];
}

function expanded(home) {
  return home === "~" || home.startsWith("~/") ? path.join(os.homedir(), home.slice(1)) : home;
}

/** The server that REDIS_URL names. No message repeats the setting, because it may contain a password. */
function named(url) {
  const bad = (reason) => new Failure("bad address", { why: said(reason) });
  const parts = /^([a-z]+):\/\/(?:([^/]*)@)?(\[[^\]/]*\]|[^/:@[\]]*)(?::([^/]*))?(\/.*)?$/i.exec(url);
  const scheme = (parts ? parts[1] : url.split(":")[0]).toLowerCase();
  if (!["redis", "rediss"].includes(scheme) || !url.slice(scheme.length).startsWith("://")) {
    throw bad("bad scheme");
  }
  if (/[?#]/.test(url)) {
    throw bad("bad options");
  }
  if (!parts || / /.test(url.split("/")[2])) {
    throw bad("bad host");
  }
  const [, , signIn = "", shown, port = "", database = ""] = parts;
  const host = shown.replace(/^\[|\]$/g, "").toLowerCase();
  if (!host) {
    throw bad("bad host");
  }
  if (!/^[0-9]*$/.test(port) || (port && !(Number(port) > 0 && Number(port) < 65536))) {
    throw bad("bad port");
  }
  if (!/^\/?[0-9]{0,9}$/.test(database)) {
    throw bad("bad database");
  }
  let user, password;
  try {
    const colon = signIn.indexOf(":");
    const texts = colon < 0 ? [signIn, ""] : [signIn.slice(0, colon), signIn.slice(colon + 1)];
    [user, password] = texts.map(decodeURIComponent);
  } catch {
    throw bad("bad escape");
  }
  if (user && !password) {
    throw bad("bad sign-in");
  }
  const number = Number(database.slice(1));
  const visible = host.includes(":") ? `[${host}]` : host;
  return {
    address: `${scheme}://${visible}:${port ? Number(port) : 6379}${number ? `/${number}` : ""}`,
    host,
    port: port ? Number(port) : 6379,
    tls: scheme === "rediss",
    user: user || undefined,
    password: password || undefined,
    database: number,
  };
}

/** The cache of the laptop cloud in `home`. */
function ofLaptop(folder) {
  const home = path.resolve(folder);
  const settings = content(path.join(home, "settings.json"));
  if (settings === null) {
    throw new Failure("no cache", { home });
  }
  const cache = content(path.join(home, "cache.pid"));
  if (cache === null) {
    throw new Failure("not running", { home });
  }
  const { redis_port: port = 6379 } = settings;
  for (const [file, value] of [
    ["settings.json", port],
    ["cache.pid", cache.pid],
  ]) {
    if (!Number.isInteger(value)) {
      throw new Failure("damaged", { file: path.join(home, file) });
    }
  }
  return { address: `redis://127.0.0.1:${port}`, host: "127.0.0.1", port, tls: false, home, process: cache.pid };
}

/** The object in a file of the laptop cloud; null if there is no such file. */
function content(file) {
  let found = null;
  try {
    found = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") {
      return null;
    }
  }
  if (found === null || typeof found !== "object" || Array.isArray(found)) {
    throw new Failure("damaged", { file });
  }
  return found;
}

async function ask(server, given, action) {
  let redis;
  try {
    redis = require("redis");
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") {
      throw error;
    }
    throw new Failure("no library");
  }
  const client = redis.createClient({
    username: server.user,
    password: server.password,
    database: server.database,
    disableOfflineQueue: true,
    socket: {
      host: server.host,
      port: server.port,
      tls: server.tls,
      connectTimeout: TIMEOUT_MILLISECONDS,
      socketTimeout: TIMEOUT_MILLISECONDS,
      reconnectStrategy: false,
    },
  });
  let first;
  // Without a listener, an error would end the program before its message is printed.
  client.on("error", (error) => (first = first || error));
  try {
    await client.connect();
    if (server.process && !new RegExp(`^process_id:${server.process}\\r?$`, "m").test(await client.info("server"))) {
      throw new Failure("another", server);
    }
    return await action(client.withTypeMapping({ [redis.RESP_TYPES.BLOB_STRING]: Buffer }), ...given);
  } catch (error) {
    throw error instanceof Failure ? error : await failure(first || error, server, client, given[0]);
  } finally {
    if (client.isOpen) {
      client.destroy();
    }
  }
}

/** The Failure for an error of the library. */
async function failure(error, server, client, key) {
  const cause = error.errors ? error.errors[0] : error;
  const name = cause.constructor.name;
  if (name === "SimpleError" || name === "BlobError" || cause.message.startsWith("WRONGTYPE")) {
    if (cause.message.startsWith("WRONGTYPE")) {
      return new Failure("other type", { type: await type(client, key) });
    }
    const [, message] = MESSAGES.refusals.find(([pattern]) => new RegExp(pattern).test(cause.message));
    const text = cause.message.replace(/^ERR /, "").split("\n")[0].slice(0, 200);
    return new Failure("refusal", { what: filled(message, { address: server.address, text }) });
  }
  if (/RESP type/.test(cause.message)) {
    return new Failure("no redis", server);
  }
  return new Failure("unreachable", { address: server.address, why: said(why(cause, name)) });
}

/** The name of the message for a connection that failed. */
function why(cause, name) {
  if (/Timeout/.test(name)) {
    return "timeout";
  }
  if (/SocketClosed/.test(name)) {
    return "closed";
  }
  if (CAUSES[cause.code]) {
    return CAUSES[cause.code];
  }
  return /CERT|SSL|TLS|EPROTO|SIGNATURE/.test(cause.code || "") ? "tls" : "failed";
}

/** The type of the key's value, such as `a hash`. An operator on AWS is not authorised to ask. */
async function type(client, key) {
  try {
    return `a ${await client.type(key)}`;
  } catch {
    return "another type";
  }
}

module.exports = { ask, named, run, said };
