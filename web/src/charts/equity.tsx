// Growth of every book above its drawdown, one time axis; the figures are also a table.
import { AreaSeries, type IChartApi, LineSeries, LineStyle, type Time } from "lightweight-charts";
import { useEffect, useRef } from "react";
import type { Backtest, Curve } from "../api/views";
import { percent, signedPercent } from "../ui/format";
import { Scroll } from "../ui/parts";
import { colour, colourOf, drawnAgain, faint, newChart } from "./look";
import { Swatch } from "./swatch";

export function EquityChart({ curves, backtests = [] }: { curves: Curve[]; backtests?: Backtest[] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const at = place.current;
    if (!at || curves.length === 0) return;
    return drawnAgain(() => drawn(at, curves, backtests));
  }, [curves, backtests]);
  const longest = curves.reduce((most, curve) => Math.max(most, curve.time.length), 0);
  return (
    <figure>
      <div ref={place} className="h-96" />
      <figcaption className="mt-2 text-sm text-soft">
        {curves.map((curve, at) => (
          <span key={curve.variant} className="mr-4">
            <Swatch at={at} /> {curve.variant}: {signedPercent(curve.growth.at(-1))}, deepest{" "}
            {percent(Math.min(0, ...curve.drawdown))}
          </span>
        ))}
        {longest} sessions{curves[0] && `; below: how far ${curves[0].variant} lies under its highest`}
      </figcaption>
      <details className="mt-2 text-sm">
        <summary className="min-h-8 cursor-pointer text-soft">as table</summary>
        {curves.map((curve) => (
          <Scroll key={curve.variant} label={`Closes of ${curve.variant}`} className="max-h-64">
            <table className="w-full">
              <caption className="text-left font-medium">{curve.variant}</caption>
              <thead>
                <tr>
                  <th scope="col" className="text-left">
                    Session
                  </th>
                  <th scope="col" className="num">
                    Growth
                  </th>
                  <th scope="col" className="num">
                    Drawdown
                  </th>
                </tr>
              </thead>
              <tbody>
                {curve.time.map((day, at) => (
                  <tr key={day}>
                    <td>{day}</td>
                    <td className="num">{signedPercent(curve.growth[at])}</td>
                    <td className="num">{percent(curve.drawdown[at])}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        ))}
      </details>
    </figure>
  );
}

function drawn(place: HTMLElement, curves: Curve[], backtests: Backtest[]): IChartApi {
  const chart = newChart(place, (value) => percent(value, 1));
  curves.forEach((curve, at) => {
    const shown = { color: colourOf(at), priceLineVisible: false };
    const line = chart.addSeries(LineSeries, { ...shown, lineWidth: 2 });
    line.setData(points(curve.time, curve.growth));
    const simulated = backtests.find((one) => one.variant === curve.variant && one.time.length > 0);
    if (simulated) {
      const dashed = { lineWidth: 1, lineStyle: LineStyle.Dashed, lastValueVisible: false } as const;
      const beside = chart.addSeries(LineSeries, { ...shown, ...dashed });
      beside.setData(points(simulated.time, simulated.growth));
    }
  });
  const first = curves[0];
  if (first) {
    const area = chart.addSeries(
      AreaSeries,
      {
        lineColor: colour("--bad"),
        topColor: "transparent",
        bottomColor: faint("--bad"),
        invertFilledArea: true,
        lineWidth: 1,
        priceLineVisible: false,
      },
      1,
    );
    area.setData(points(first.time, first.drawdown));
    chart.panes()[0]?.setStretchFactor(3);
    chart.panes()[1]?.setStretchFactor(1);
  }
  chart.timeScale().fitContent();
  return chart;
}

function points(time: string[], values: number[]): { time: Time; value: number }[] {
  return time.map((day, row) => ({ time: day as Time, value: values[row] ?? 0 }));
}
