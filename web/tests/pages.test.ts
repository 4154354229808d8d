import { describe, expect, it } from "vitest";
import { proposedValues } from "../src/pages/parameters";
import { panesOf } from "../src/pages/regime";
import { request } from "../src/pages/research";
import { curveOf } from "../src/pages/results";

describe("a backtest's form", () => {
  const empty = { start_date: "", end_date: "", initial_capital: "", commission: "", parameters: "" };

  it("leaves out what was left empty", () => {
    expect(request({ variant: "golden", ...empty })).toEqual({ variant: "golden" });
  });

  it("sends numbers as numbers and dates as texts", () => {
    const asked = {
      variant: "12",
      ...empty,
      start_date: "2024-01-02",
      commission: "0",
      parameters: '{"a": 1}',
    };
    expect(request(asked)).toEqual({
      variant: "12",
      start_date: "2024-01-02",
      commission: 0,
      parameters: { a: 1 },
    });
  });
});

describe("proposed values of an address", () => {
  it("are an object or nothing", () => {
    expect(proposedValues('{"sma_fast": 45}')).toEqual({ sma_fast: 45 });
    for (const text of [null, "", "[1]", "null", "7", "{broken"]) expect(proposedValues(text)).toEqual({});
  });
});

describe("a curve", () => {
  it("is growth from the start and drawdown from the highest so far", () => {
    const curve = curveOf("x", ["a", "b", "c"], [110, 99, 121], 100);
    expect(curve.growth.map((value) => value.toFixed(2))).toEqual(["0.10", "-0.01", "0.21"]);
    expect(curve.drawdown.map((value) => value.toFixed(2))).toEqual(["0.00", "-0.10", "0.00"]);
  });

  it("that only falls is measured from the start", () => {
    expect(curveOf("x", ["a"], [90], 100).drawdown[0]).toBeCloseTo(-0.1);
  });
});

describe("panes of a regime", () => {
  const columns = {
    variant: "golden",
    symbol: "QQQ",
    time: ["2024-01-02"],
    close: [1],
    figures: { T_norm: [0.5], sma_fast: [1] },
    states: {},
  };

  it("hold what the strategy has, with its thresholds", () => {
    const panes = panesOf(columns, { t_norm_bull_thresh: 0.2, t_norm_bear_thresh: null });
    expect(panes.map((pane) => pane.lines.map((line) => line.name))).toEqual([
      ["QQQ", "fast average"],
      ["trend"],
    ]);
    expect(panes[1]?.limits).toEqual([{ name: "bull", at: 0.2 }]);
  });
});
