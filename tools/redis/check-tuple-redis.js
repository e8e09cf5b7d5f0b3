// `node check-tuple-redis.js age` tells whether a key is in Redis, and its value.
"use strict";

const { run } = require("./tuples");

run("check-tuple-redis.js KEY", async (client, key) => {
  const value = await client.get(key);
  if (value === null) {
    console.log("The TUPLE is not there in ElastiCache");
    return false;
  }
  console.log("The TUPLE is there in ElastiCache");
  console.log(value);
  return true;
});
