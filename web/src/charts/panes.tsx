// Figures below each other on one time axis; the newest values are also text, all of them a table.
import { HistogramSeries, LineSeries, LineStyle, type Time } from "lightweight-charts";
import { useEffect, useRef } from "react";
import { decimal } from "../ui/format";
import { Scroll } from "../ui/parts";
import { colour, colourOf, drawnAgain, newChart } from "./look";
import { Swatch } from "./swatch";

export interface Line {
  name: string;
  values: (number | null)[];
  bars?: boolean;
}

export interface Pane {
  lines: Line[];
  /** horizontal lines: a name and where */
  limits?: { name: string; at: number }[];
  height: number;
}

export function Panes({ label, time, panes }: { label: string; time: string[]; panes: Pane[] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const at = place.current;
    if (!at || time.length === 0) return;
    return drawnAgain(() => drawn(at, time, panes));
  }, [time, panes]);
  const lines = panes.flatMap((pane) => pane.lines.map((line, at) => ({ ...line, at })));
  const total = panes.reduce((sum, pane) => sum + pane.height, 40);
  return (
    <figure>
      <div ref={place} style={{ height: total }} />
      <figcaption className="mt-2 flex flex-wrap gap-x-4 text-sm text-soft">
        {lines.map((line) => (
          <span key={line.name}>
            <Swatch at={line.at} /> {line.name}: {decimal(line.values.at(-1), line.bars ? 0 : 3)}
          </span>
        ))}
        <span>{time.length} sessions</span>
      </figcaption>
      <details className="mt-2 text-sm">
        <summary className="min-h-8 cursor-pointer text-soft">as table</summary>
        <Scroll label={label} className="max-h-64">
          <table className="w-full">
            <thead>
              <tr>
                <th scope="col" className="text-left">
                  Session
                </th>
                {lines.map((line) => (
                  <th key={line.name} scope="col" className="num px-2">
                    {line.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {time
                .map((day, row) => (
                  <tr key={day}>
                    <td className="whitespace-nowrap">{day}</td>
                    {lines.map((line) => (
                      <td key={line.name} className="num px-2">
                        {decimal(line.values[row], line.bars ? 0 : 4)}
                      </td>
                    ))}
                  </tr>
                ))
                .slice(-250)
                .reverse()}
            </tbody>
          </table>
        </Scroll>
      </details>
    </figure>
  );
}

function drawn(place: HTMLElement, time: string[], panes: Pane[]) {
  const chart = newChart(place, (value) => decimal(value));
  panes.forEach((pane, number) => {
    pane.lines.forEach((line, at) => {
      const shown = { priceLineVisible: false, lastValueVisible: pane.lines.length === 1 };
      const series = line.bars
        ? chart.addSeries(HistogramSeries, { ...shown, color: colourOf(at) }, number)
        : chart.addSeries(LineSeries, { ...shown, color: colourOf(at), lineWidth: 2 }, number);
      series.setData(
        time.flatMap((day, row) => {
          const value = line.values[row];
          return value == null ? [] : [{ time: day as Time, value }];
        }),
      );
      if (at === 0)
        for (const limit of pane.limits ?? [])
          series.createPriceLine({
            price: limit.at,
            title: limit.name,
            color: colour("--soft"),
            lineStyle: LineStyle.Dashed,
          });
    });
    chart.panes()[number]?.setStretchFactor(pane.height);
  });
  chart.timeScale().fitContent();
  return chart;
}
