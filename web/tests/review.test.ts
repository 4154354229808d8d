import { expect, it } from "vitest";
import type { ReviewOrder } from "../src/api/views";
import { differences } from "../src/pages/review";
import { typed } from "../src/pages/settings";

const order = {
  client_order_id: "20240102_QQQ_entry_buy",
  enabled: true,
  quantity: 10,
  stop: { price: 90, time_in_force: "gtc" },
  note: "",
} as ReviewOrder;
const same = { enabled: true, quantity: "10", stop: "90", note: "" };
const changed = (part: Partial<typeof same>) =>
  differences([order], { [order.client_order_id]: { ...same, ...part } });

it("an untouched order is no change", () => {
  expect(changed({})).toEqual([]);
  expect(differences([order], {})).toEqual([]);
});

it("only what is different is sent", () => {
  const id = order.client_order_id;
  expect(changed({ quantity: "3" })).toEqual([{ client_order_id: id, quantity: 3 }]);
  expect(changed({ enabled: false })).toEqual([{ client_order_id: id, enabled: false }]);
  expect(changed({ note: "x" })).toEqual([{ client_order_id: id, note: "x" }]);
  expect(changed({ stop: "91.5" })).toEqual([{ client_order_id: id, stop_price: 91.5 }]);
});

it("an empty stop takes it out", () => {
  expect(changed({ stop: " " })).toEqual([{ client_order_id: order.client_order_id, stop_price: null }]);
});

it("a typed value is JSON, or text", () => {
  expect(typed("1.5")).toBe(1.5);
  expect(typed("null")).toBe(null);
  expect(typed('["a"]')).toEqual(["a"]);
  expect(typed("required")).toBe("required");
});
