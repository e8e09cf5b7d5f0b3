// The same journey as in journey.py, with openapi-fetch and the types that openapi-typescript generates.

import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components as OrderParts, paths as OrderPaths } from "./orders.js";
import type { components as ReminderParts, paths as ReminderPaths } from "./reminders.js";

type Order = OrderParts["schemas"]["Order"];
type OrderState = OrderParts["schemas"]["OrderState"];
type Reminder = ReminderParts["schemas"]["Reminder"];

const GIVE_UP_MS = 60_000;

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

function check(holds: unknown, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

function client<Paths extends {}>(address: string, token: string) {
  return createClient<Paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });
}

const person = setting("CONTRACT_PERSON");
const orders = client<OrderPaths>(setting("CONTRACT_ORDERS"), person);
const reminders = client<ReminderPaths>(setting("CONTRACT_REMINDERS"), person);

function order(price: string): Order {
  return { OrderId: `journey-${randomUUID()}`, Name: "Ada", ItemName: "Lamp", Price: price, CC: "4242424242424242" };
}

async function settled(id: string): Promise<OrderState> {
  const deadline = Date.now() + GIVE_UP_MS;
  while (Date.now() < deadline) {
    const { data, error } = await orders.GET("/orders/{OrderId}", { params: { path: { OrderId: id } } });
    check(data, `no order: ${error?.error.code}`);
    if (data.Status !== "RECEIVED") return data;
  }
  throw new Error("the order was not settled within a minute");
}

const good = order("12.50");
const placed = await orders.POST("/orders", { body: good });
check(placed.response.status === 202 && placed.data, "the order was not accepted");
check((await settled(good.OrderId)).Status === "FULFILLMENT_QUEUED", "the order was not fulfilled");

const page = await orders.GET("/orders", { params: { query: { limit: 1 } } });
check(page.data?.next, "the first page has no next");
const next = await orders.GET("/orders", { params: { query: { limit: 1, next: page.data.next } } });
// An order in a list has the same type as a single order.
const listed: OrderState[] = [...page.data.orders, ...(next.data?.orders ?? [])];
check(listed.length === 2, "a page is missing");

const wrong = await orders.POST("/orders", { body: { ...good, Name: "x".repeat(201) } });
check(wrong.response.status === 400, "a name of 201 characters was accepted");
const [detail] = wrong.error?.error.details ?? [];
check(detail?.field === "Name" && detail.code === "TooLong", "the error does not name the field and the problem");
check(detail.values.longest === 200, "the error does not say how long a name may be");

const reminder: Reminder = { message: "Water the plants", preference: "email", waitSeconds: 3600 };
const scheduled = await reminders.POST("/reminders", {
  body: reminder,
  params: { header: { "Idempotency-Key": randomUUID() } },
});
check(scheduled.data, "the reminder was not scheduled");
const path = { reminderId: scheduled.data.reminderId };
const found = await reminders.GET("/reminders/{reminderId}", { params: { path } });
check(found.data?.status === "SCHEDULED", "the reminder does not wait");
const cancelled = await reminders.DELETE("/reminders/{reminderId}", { params: { path } });
check(cancelled.data?.status === "CANCELLED", "the reminder was not cancelled");
const again = await reminders.DELETE("/reminders/{reminderId}", { params: { path } });
check(again.response.status === 409, "the reminder was cancelled twice");

// @ts-expect-error A reminder needs a time.
const neither: Reminder = { message: "Water the plants", preference: "email" };
check(
  (await reminders.POST("/reminders", { body: neither })).response.status === 400,
  "a reminder without a time was accepted",
);

console.log("the journey ended as it should");
