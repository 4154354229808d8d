// Where a variant stands: the cell, how far the next change is, the figures over time, what would change it.
import { useMemo, useState } from "react";
import type { Views } from "../api/client";
import { useIndicators, useRegime, useToday } from "../api/views";
import { type Pane, Panes } from "../charts/panes";
import { decimal, percent, words } from "../ui/format";
import { Badge, Card, Figure, Notice, Shown, Table } from "../ui/parts";
import { Select } from "../ui/select";

type Regime = Views["RegimeView"];
type Step = Views["PathStep"];

export default function RegimePage() {
  const today = useToday();
  const [variant, setVariant] = useState<string>();
  const regime = useRegime(variant);
  const names = today.data?.data.status.books.map((book) => book.variant) ?? [];
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Regime and indicators</h1>
      {names.length > 1 && (
        <Select label="Variant" value={variant ?? names[0] ?? ""} options={names} onValue={setVariant} />
      )}
      <Shown query={regime}>
        {({ data }) => (
          <>
            <Now regime={data} />
            <Limits regime={data} />
            <History variant={data.variant} thresholds={data.thresholds} />
            <WhatIf regime={data} />
          </>
        )}
      </Shown>
    </>
  );
}

function Now({ regime }: { regime: Regime }) {
  return (
    <Card
      title={`${regime.variant} after the close of ${regime.decided_on}`}
      aside={<span className="text-sm text-soft">{regime.strategy}</span>}
    >
      {regime.last_closed && (
        <Notice mood="warn">
          The stored bars end with {regime.decided_on}; the newest session that closed is {regime.last_closed}
          . <code>jutsu data import</code> brings them up to date.
        </Notice>
      )}
      <div className="flex flex-wrap gap-2">
        {Object.entries(regime.states).map(([name, value]) => (
          <Figure key={name} name={words(name)} value={String(value)} />
        ))}
        {Object.entries(regime.targets).map(([symbol, weight]) => (
          <Figure key={symbol} name={`target ${symbol}`} value={percent(weight as number, 0)} />
        ))}
      </div>
      {"cell" in regime.states && <CellMap path={regime.path} now={Number(regime.states.cell)} />}
    </Card>
  );
}

const TRENDS = ["BullStrong", "Sideways", "BearStrong"];
const VOLATILITIES = ["Low", "High"];

/** The six cells, trend by volatility: where it is, and how many of the newest sessions it spent where. */
function CellMap({ path, now }: { path: Step[]; now: number }) {
  const spent = (cell: number) => path.filter((step) => step.states.cell === cell).length;
  return (
    <figure className="mt-4">
      <table className="w-full max-w-xl border-separate border-spacing-1 text-center text-sm">
        <caption className="mb-1 text-left text-soft">
          Cells: sessions spent in each of the newest {path.length}
        </caption>
        <thead>
          <tr>
            <th scope="col" className="text-left font-medium text-soft">
              trend
            </th>
            {VOLATILITIES.map((name) => (
              <th key={name} scope="col" className="font-medium text-soft">
                volatility {name.toLowerCase()}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {TRENDS.map((trend, row) => (
            <tr key={trend}>
              <th scope="row" className="text-left font-medium text-soft">
                {trend}
              </th>
              {VOLATILITIES.map((volatility, column) => {
                const cell = row * 2 + column + 1;
                return (
                  <td
                    key={volatility}
                    className={`rounded-lg border-2 px-2 py-3 ${cell === now ? "border-accent bg-raised font-bold" : "border-line"}`}
                  >
                    cell {cell}
                    {cell === now ? " – now" : ""}
                    <span className="block text-soft">
                      {spent(cell)} of {path.length}
                    </span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <figcaption className="mt-2 text-sm text-soft">
        The way here, oldest first: {path.map((step) => String(step.states.cell ?? "–")).join(" ")}
      </figcaption>
    </figure>
  );
}

function Limits({ regime }: { regime: Regime }) {
  if (regime.limits.length === 0) return null;
  return (
    <Card title="Distance to the next change">
      <Table
        label="Distance to the next change"
        rows={regime.limits}
        rowKey={(limit) => `${limit.figure} ${limit.direction} ${limit.limit}`}
        columns={[
          { name: "Figure", cell: (limit) => limit.figure },
          { name: "Now", number: true, cell: (limit) => decimal(limit.now, 3) },
          { name: "Changes", cell: (limit) => `${limit.direction} ${decimal(limit.limit, 3)}` },
          {
            name: "Distance",
            number: true,
            cell: (limit) => decimal(Math.abs(limit.limit - limit.now), 3),
          },
          { name: "Then", cell: (limit) => limit.changes },
        ]}
      />
    </Card>
  );
}

const SPANS = { "3 months": 63, "1 year": 252, "2 years": 504, "10 years": 2520 } as const;
type Span = keyof typeof SPANS;

function History({ variant, thresholds }: { variant: string; thresholds: Record<string, unknown> }) {
  const [span, setSpan] = useState<Span>("1 year");
  const history = useIndicators(variant, SPANS[span]);
  const data = history.data?.data;
  const panes = useMemo(() => (data ? panesOf(data, thresholds) : []), [data, thresholds]);
  return (
    <Card title="Over time">
      <Select
        label="Span"
        value={span}
        options={Object.keys(SPANS)}
        onValue={(chosen) => setSpan(chosen as Span)}
      />
      <Shown query={history}>
        {() => <Panes label={`Figures of ${variant}`} time={data?.time ?? []} panes={panes} />}
      </Shown>
    </Card>
  );
}

/** The closes with their averages, then each oscillator with its thresholds, then the cell. */
export function panesOf(columns: Views["IndicatorColumns"], thresholds: Record<string, unknown>): Pane[] {
  const limits = (names: Record<string, string>) =>
    Object.entries(names).flatMap(([name, shown]) => {
      const at = thresholds[name];
      return typeof at === "number" ? [{ name: shown, at }] : [];
    });
  const line = (name: string, shown = words(name)) => {
    const values = columns.figures[name];
    return values ? [{ name: shown, values }] : [];
  };
  const found: Pane[] = [
    {
      lines: [
        { name: columns.symbol, values: columns.close },
        ...line("sma_fast", "fast average"),
        ...line("sma_slow", "slow average"),
      ],
      height: 240,
    },
    {
      lines: line("T_norm", "trend"),
      limits: limits({ t_norm_bull_thresh: "bull", t_norm_bear_thresh: "bear" }),
      height: 110,
    },
    {
      lines: line("z_score", "volatility z"),
      limits: limits({ upper_thresh_z: "high", lower_thresh_z: "low" }),
      height: 110,
    },
    {
      lines: columns.states.cell
        ? [{ name: "cell", values: columns.states.cell as (number | null)[], bars: true }]
        : [],
      height: 70,
    },
  ];
  return found.filter((pane) => pane.lines.length > 0);
}

function WhatIf({ regime }: { regime: Regime }) {
  return (
    <Card title="What would change it">
      <p className="mb-2 text-sm text-soft">
        The rules on a next session in which {regime.symbol} closes so much lower or higher, and nothing else
        moves.
      </p>
      <Table
        label="What would change it"
        rows={regime.what_if}
        rowKey={(one) => String(one.move_pct)}
        columns={[
          { name: "Move", number: true, cell: (one) => `${one.move_pct > 0 ? "+" : ""}${one.move_pct} %` },
          { name: regime.symbol, number: true, cell: (one) => decimal(one.close) },
          { name: "States", cell: (one) => Object.values(one.states).map(String).join(", ") },
          {
            name: "Targets",
            cell: (one) =>
              Object.entries(one.targets)
                .map(([symbol, weight]) => `${symbol} ${percent(weight as number, 0)}`)
                .join(", ") || "cash",
          },
          { name: "", cell: (one) => one.different && <Badge mood="warn">different</Badge> },
        ]}
      />
    </Card>
  );
}
