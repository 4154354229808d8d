// Numbers and instants as a person reads them. Fractions are decimal: 0.12 is 12 %.

const NEW_YORK = "America/New_York";
export const NONE = "–";
let locale = "en-US";

/** Write numbers and local times as in this place (`dashboard.locale`). */
export function writeAs(place: string): void {
  locale = place;
}

function number(value: number, digits: number): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function money(value: number | null | undefined): string {
  return value == null ? NONE : number(value, 2);
}

export function signedMoney(value: number | null | undefined): string {
  if (value == null) return NONE;
  return value > 0 ? `+${money(value)}` : money(value);
}

export function percent(fraction: number | null | undefined, digits = 2): string {
  return fraction == null ? NONE : `${number(fraction * 100, digits)} %`;
}

export function signedPercent(fraction: number | null | undefined, digits = 2): string {
  if (fraction == null) return NONE;
  return fraction > 0 ? `+${percent(fraction, digits)}` : percent(fraction, digits);
}

export function count(value: number | null | undefined): string {
  return value == null ? NONE : value.toLocaleString(locale);
}

export function decimal(value: number | null | undefined, digits = 2): string {
  return value == null ? NONE : number(value, digits);
}

/** The hour in New York, as windows are written. */
export function hour(instant: string | null | undefined): string {
  if (!instant) return NONE;
  return new Date(instant).toLocaleTimeString("en-US", {
    timeZone: NEW_YORK,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
}

/** Day and hour in New York. */
export function moment(instant: string | null | undefined): string {
  if (!instant) return NONE;
  const day = new Date(instant).toLocaleDateString("sv-SE", { timeZone: NEW_YORK });
  return `${day} ${hour(instant)}`;
}

/** The same instant where the reader is, for a tooltip. */
export function local(instant: string | null | undefined): string {
  return instant ? `${new Date(instant).toLocaleString(locale)} here` : "";
}

/** How long until an instant, in words; empty when it is past. */
export function until(instant: string, now: number): string {
  const minutes = Math.ceil((new Date(instant).getTime() - now) / 60_000);
  if (minutes <= 0) return "";
  if (minutes < 120) return `in ${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `in ${hours} h` : `in ${Math.round(hours / 24)} days`;
}

/** A word with underscores as a person reads it. */
export function words(name: string | null | undefined): string {
  return name ? name.replaceAll("_", " ") : NONE;
}
