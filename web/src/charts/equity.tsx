// Growth of every book above its drawdown, one time axis; the figures are also a table.
import { AreaSeries, type IChartApi, LineSeries, type Time } from "lightweight-charts";
import { useEffect, useRef } from "react";
import type { Curve } from "../api/views";
import { percent, signedPercent } from "../ui/format";
import { Scroll } from "../ui/parts";
import { colour, colourOf, drawnAgain, newChart } from "./look";

export function EquityChart({ curves }: { curves: Curve[] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const at = place.current;
    if (!at || curves.length === 0) return;
    return drawnAgain(() => drawn(at, curves));
  }, [curves]);
  const longest = curves.reduce((most, curve) => Math.max(most, curve.time.length), 0);
  return (
    <figure>
      <div ref={place} className="h-96" />
      <figcaption className="mt-2 text-sm text-soft">
        {curves.map((curve) => (
          <span key={curve.variant} className="mr-4">
            {curve.variant}: {signedPercent(curve.growth.at(-1))}, deepest{" "}
            {percent(Math.min(0, ...curve.drawdown))}
          </span>
        ))}
        {longest} sessions
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

function drawn(place: HTMLElement, curves: Curve[]): IChartApi {
  const chart = newChart(place, (value) => `${(value * 100).toFixed(1)} %`);
  curves.forEach((curve, at) => {
    const line = chart.addSeries(LineSeries, {
      color: colourOf(at),
      lineWidth: 2,
      priceLineVisible: false,
      title: curve.variant,
    });
    line.setData(curve.time.map((day, row) => ({ time: day as Time, value: curve.growth[row] ?? 0 })));
  });
  const first = curves[0];
  if (first) {
    const area = chart.addSeries(
      AreaSeries,
      {
        lineColor: colour("--bad"),
        topColor: "transparent",
        bottomColor: colour("--bad"),
        invertFilledArea: true,
        lineWidth: 1,
        priceLineVisible: false,
      },
      1,
    );
    area.setData(first.time.map((day, row) => ({ time: day as Time, value: first.drawdown[row] ?? 0 })));
    chart.panes()[1]?.setHeight(110);
  }
  chart.timeScale().fitContent();
  return chart;
}
