// `node check-tuple-redis.js age` shows whether a key is in Redis, and its value.
"use strict";

const { run, said } = require("./tuples");

run("check-tuple-redis.js KEY", "Shows whether a key is in Redis, and its value.", async (client, key) => {
  const value = await client.get(key);
  if (value === null) {
    console.log("The TUPLE is not there in ElastiCache");
    return false;
  }
  console.log("The TUPLE is there in ElastiCache");
  try {
    console.log(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value));
  } catch {
    console.error(said("binary", { bytes: value.length }));
  }
  return true;
});
