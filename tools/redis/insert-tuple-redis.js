// `node insert-tuple-redis.js age 25` sets a key in Redis.
"use strict";

const { run } = require("./tuples");

run("insert-tuple-redis.js KEY VALUE", "Sets a key in Redis.", async (client, key, value) => {
  await client.set(key, value);
  console.log("Inserted a TUPLE to ElastiCache");
  return true;
});
