// What a backtest found: figures beside each other, and growth with drawdown.
import type { Views } from "../api/client";
import type { Curve } from "../api/views";
import { EquityChart } from "../charts/equity";
import { count, decimal, money, percent } from "../ui/format";
import { Table } from "../ui/parts";

export type Results = Views["BacktestResults"];
export interface Named {
  name: string;
  results: Results;
}

const FIGURES: [string, string, (value: number | null) => string][] = [
  ["total_return", "Return", (value) => percent(value)],
  ["annual_return", "A year", (value) => percent(value)],
  ["volatility", "Volatility", (value) => percent(value)],
  ["sharpe", "Sharpe", (value) => decimal(value)],
  ["sortino", "Sortino", (value) => decimal(value)],
  ["calmar", "Calmar", (value) => decimal(value)],
  ["max_drawdown", "Deepest drawdown", (value) => percent(value)],
  ["trades", "Trades", (value) => count(value)],
  ["win_rate", "Winning sales", (value) => percent(value, 0)],
  ["turnover", "Turnover a year", (value) => decimal(value)],
  ["costs", "Costs", (value) => money(value)],
  ["final_equity", "Equity at the end", (value) => money(value)],
];

export function Compared({ label, named }: { label: string; named: Named[] }) {
  return (
    <Table
      label={label}
      rows={FIGURES}
      rowKey={([name]) => name}
      columns={[
        { name: "Figure", cell: ([, shown]) => shown },
        ...named.map((one) => ({
          name: one.name,
          number: true,
          cell: ([name, , text]: (typeof FIGURES)[number]) =>
            text((one.results.metrics[name] as number | null | undefined) ?? null),
        })),
      ]}
    />
  );
}

/** Equity as growth and drawdown, as the chart of books takes it. */
export function curveOf(name: string, time: string[], equity: number[], start: number): Curve {
  let peak = start;
  const drawdown = equity.map((value) => {
    peak = Math.max(peak, value);
    return value / peak - 1;
  });
  const growth = equity.map((value) => value / start - 1);
  return { variant: name, role: "", time, equity, growth, drawdown };
}

export function Growth({ named, benchmark }: { named: Named[]; benchmark?: boolean }) {
  const curves = named.map(({ name, results }) =>
    curveOf(name, results.time, results.equity, startOf(results)),
  );
  const first = named[0];
  const held = first?.results.benchmark;
  if (benchmark && first && held)
    curves.push(curveOf("held", first.results.time, held, startOf(first.results)));
  return <EquityChart curves={curves} />;
}

function startOf(results: Results): number {
  return Number(results.metrics.initial_cash ?? results.equity[0] ?? 1);
}
