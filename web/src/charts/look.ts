// How every chart of the library looks: the colours of the page, read again when the scheme changes.
import { ColorType, createChart, type IChartApi } from "lightweight-charts";

export const COLOURS = ["--accent", "--warn", "--good", "--bad"];

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The same colour, for areas behind lines. */
export function faint(name: string): string {
  return `${colour(name)}33`;
}

/** The name of the colour of a line, for what names it beside the chart. */
export function colourName(at: number): string {
  return COLOURS[at % COLOURS.length] ?? "--accent";
}

export function colourOf(at: number): string {
  return colour(colourName(at));
}

export function look() {
  return {
    layout: {
      background: { type: ColorType.Solid, color: colour("--surface") },
      textColor: colour("--soft"),
      attributionLogo: true,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colour("--line") } },
  };
}

export function newChart(place: HTMLElement, priceFormatter: (value: number) => string): IChartApi {
  return createChart(place, {
    ...look(),
    autoSize: true,
    rightPriceScale: { borderVisible: false, minimumWidth: 72 },
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
