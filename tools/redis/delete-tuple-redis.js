// `node delete-tuple-redis.js age` deletes a key from Redis.
"use strict";

const { run } = require("./tuples");

run("delete-tuple-redis.js KEY", "Deletes a key from Redis.", async (client, key) => {
  if (!(await client.del(key))) {
    console.log("The TUPLE is not there in ElastiCache");
    return false;
  }
  console.log("Deleted a TUPLE to ElastiCache");
  return true;
});
