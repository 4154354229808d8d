import { useState } from "react";
import { type Backtest, useBacktests, useComparison, useCurves, usePerformance } from "../api/views";
import { EquityChart } from "../charts/equity";
import { Months } from "../charts/months";
import { count, decimal, money, percent, signedPercent } from "../ui/format";
import { Badge, Card, Empty, Figure, Shown } from "../ui/parts";
import { Drift } from "./drift";
import { Rolling } from "./rolling";

/** in `hidden`: no variant has a name with a space */
const BACKTEST = "the backtest";
const NO_BACKTESTS: Backtest[] = [];

export default function PerformancePage() {
  const performance = usePerformance();
  const curves = useCurves();
  const backtests = useBacktests(true);
  const overlays = backtests.data?.data ?? [];
  const variants = (curves.data?.data ?? []).map((curve) => curve.variant);
  const [hidden, setHidden] = useState<string[]>([]);
  const toggle = (name: string) =>
    setHidden((known) => (known.includes(name) ? known.filter((one) => one !== name) : [...known, name]));
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Performance</h1>
      <Shown query={curves}>
        {({ data }) =>
          data.length === 0 ? (
            <Card>
              <Empty>No close yet: the first one is kept by jutsu validate, or by the next run.</Empty>
            </Card>
          ) : (
            <Card title="Growth and drawdown">
              <div className="mb-3 flex flex-wrap gap-3">
                {data.map((curve) => (
                  <label key={curve.variant} className="flex min-h-8 items-center gap-2">
                    <input
                      type="checkbox"
                      checked={!hidden.includes(curve.variant)}
                      onChange={() => toggle(curve.variant)}
                    />
                    {curve.variant} ({curve.role || "book"})
                  </label>
                ))}
                {overlays.some((one) => one.time.length > 0) && (
                  <label className="flex min-h-8 items-center gap-2">
                    <input
                      type="checkbox"
                      checked={!hidden.includes(BACKTEST)}
                      onChange={() => toggle(BACKTEST)}
                    />
                    backtest of the same sessions (dashed)
                  </label>
                )}
              </div>
              <EquityChart
                curves={data.filter((curve) => !hidden.includes(curve.variant))}
                backtests={hidden.includes(BACKTEST) ? NO_BACKTESTS : overlays}
              />
              {overlays
                .filter((one) => one.why)
                .map((one) => (
                  <p key={one.variant} className="mt-2 text-sm text-soft">
                    {one.variant} has no backtest beside it: {one.why}
                  </p>
                ))}
            </Card>
          )
        }
      </Shown>
      <Shown query={performance}>
        {({ data }) => (
          <>
            {data.figures.map((figures) => (
              <Card
                key={figures.variant}
                title={figures.variant}
                aside={
                  <span className="text-sm text-soft">
                    {figures.first} to {figures.last}, {count(figures.sessions)} sessions
                  </span>
                }
              >
                <div className="mb-4 flex flex-wrap gap-2">
                  <Figure name="Equity" value={money(figures.equity)} />
                  <Figure
                    name="Return"
                    value={signedPercent(figures.total_return)}
                    mood={figures.total_return < 0 ? "bad" : "good"}
                  />
                  <Figure name="A year" value={signedPercent(figures.annual_return)} />
                  <Figure name="This week" value={signedPercent(figures.week_to_date)} />
                  <Figure name="This month" value={signedPercent(figures.month_to_date)} />
                  <Figure name="This year" value={signedPercent(figures.year_to_date)} />
                  <Figure name="Sharpe" value={decimal(figures.sharpe)} />
                  <Figure name="Sortino" value={decimal(data.ratios[figures.variant]?.sortino)} />
                  <Figure name="Calmar" value={decimal(data.ratios[figures.variant]?.calmar)} />
                  <Figure name="Drawdown" value={percent(figures.drawdown)} />
                  <Figure name="Deepest" value={percent(figures.max_drawdown)} />
                  <Figure name="Winning sales" value={percent(figures.win_rate, 0)} />
                  <Figure name="Sales" value={count(figures.closing_trades)} />
                  <Figure name="Costs" value={money(data.ratios[figures.variant]?.costs)} />
                </div>
                <Months name={figures.variant} rows={data.months[figures.variant] ?? []} />
              </Card>
            ))}
          </>
        )}
      </Shown>
      {variants.length > 0 && <Rolling variants={variants} />}
      <Drift />
      <Comparison />
    </>
  );
}

function Comparison() {
  const comparison = useComparison();
  return (
    <Shown query={comparison}>
      {({ data }) => (
        <>
          {data.comparisons
            .filter((one) => one.criteria.length > 0)
            .map((one) => (
              <Card
                key={`${one.primary} ${one.shadow}`}
                title={`${one.primary} against ${one.shadow}`}
                aside={
                  <Badge mood={one.switch ? "warn" : "plain"}>
                    {one.switch ? "a switch is justified" : "no switch"}
                  </Badge>
                }
              >
                <ul className="text-sm">
                  {one.criteria.map((criterion) => (
                    <li key={criterion.name} className="py-1">
                      <Badge mood={criterion.met ? "good" : "plain"}>
                        {criterion.met ? "met" : "not met"}
                      </Badge>{" "}
                      {criterion.name}: {criterion.detail}
                    </li>
                  ))}
                </ul>
              </Card>
            ))}
        </>
      )}
    </Shown>
  );
}
