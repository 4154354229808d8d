// How every chart of the library looks: the colours of the page, read again when the scheme changes.
import { ColorType, createChart, type IChartApi } from "lightweight-charts";

export const COLOURS = ["--accent", "--warn", "--good", "--bad"];

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function colourOf(at: number): string {
  return colour(COLOURS[at % COLOURS.length] ?? "--accent");
}

export function look() {
  return {
    layout: {
      background: { type: ColorType.Solid, color: colour("--surface") },
      textColor: colour("--soft"),
      attributionLogo: true,
    },
    grid: { vertLines: { color: colour("--line") }, horzLines: { color: colour("--line") } },
  };
}

export function newChart(place: HTMLElement, priceFormatter: (value: number) => string): IChartApi {
  return createChart(place, {
    ...look(),
    autoSize: true,
    rightPriceScale: { borderVisible: false },
    timeScale: { borderVisible: false },
    localization: { priceFormatter },
  });
}

/** Draw now and again when the colour scheme changes; return what takes it away. */
export function drawnAgain(draw: () => IChartApi): () => void {
  const chart = draw();
  const again = () => chart.applyOptions(look());
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", again);
  return () => {
    scheme.removeEventListener("change", again);
    chart.remove();
  };
}
