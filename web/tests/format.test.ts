import { describe, expect, it } from "vitest";
import {
  count,
  decimal,
  hour,
  moment,
  money,
  NONE,
  percent,
  signedMoney,
  signedPercent,
  until,
  words,
} from "../src/ui/format";

describe("numbers", () => {
  it("have two decimals and separators where they are money", () => {
    expect(money(1234567.5)).toBe("1,234,567.50");
    expect(signedMoney(5)).toBe("+5.00");
    expect(signedMoney(-5)).toBe("-5.00");
  });
  it("are percent of a fraction", () => {
    expect(percent(0.1234)).toBe("12.34 %");
    expect(signedPercent(0.1, 1)).toBe("+10.0 %");
    expect(signedPercent(-0.1, 1)).toBe("-10.0 %");
  });
  it("are a dash where there is none", () => {
    for (const form of [money, signedMoney, percent, signedPercent, count, decimal]) {
      expect(form(null)).toBe(NONE);
      expect(form(undefined)).toBe(NONE);
    }
  });
});

describe("instants", () => {
  it("are New York's, in winter and in summer", () => {
    expect(hour("2026-01-05T20:55:00+00:00")).toBe("15:55");
    expect(hour("2026-07-06T19:55:00+00:00")).toBe("15:55");
    expect(moment("2026-01-05T02:00:00+00:00")).toBe("2026-01-04 21:00");
    expect(hour(null)).toBe(NONE);
  });
  it("say how long until them", () => {
    const now = Date.parse("2026-01-05T12:00:00Z");
    expect(until("2026-01-05T12:20:30Z", now)).toBe("in 21 min");
    expect(until("2026-01-05T17:00:00Z", now)).toBe("in 5 h");
    expect(until("2026-01-09T12:00:00Z", now)).toBe("in 4 days");
    expect(until("2026-01-05T11:00:00Z", now)).toBe("");
  });
});

it("words lose their underscores", () => {
  expect(words("no_edge_left")).toBe("no edge left");
  expect(words(null)).toBe(NONE);
});
