// The parts every page is made of.
import type { UseQueryResult } from "@tanstack/react-query";
import { type ButtonHTMLAttributes, type ReactNode, useEffect, useId, useRef } from "react";
import { Refused } from "../api/client";

export function Card({ title, aside, children }: { title?: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section
      aria-labelledby={title ? id : undefined}
      className="mb-4 rounded-xl border border-line bg-surface p-4 shadow-sm"
    >
      {title && (
        <header className="mb-3 flex flex-wrap items-baseline justify-between gap-2">
          <h2 id={id} className="text-base font-semibold">
            {title}
          </h2>
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}

type Tone = "plain" | "accent" | "bad";
const TONES: Record<Tone, string> = {
  plain: "border border-line bg-raised text-ink",
  accent: "bg-accent text-on-accent",
  bad: "bg-bad text-on-bad",
};

export function Button({
  tone = "plain",
  className = "",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { tone?: Tone }) {
  return (
    <button
      type="button"
      className={`min-h-11 rounded-lg px-4 font-medium disabled:cursor-not-allowed disabled:opacity-50 ${TONES[tone]} ${className}`}
      {...rest}
    />
  );
}

type Mood = "good" | "warn" | "bad" | "plain";
const MOODS: Record<Mood, string> = {
  good: "text-good border-good",
  warn: "text-warn border-warn",
  bad: "text-bad border-bad",
  plain: "text-soft border-line",
};

export function Badge({ mood = "plain", children }: { mood?: Mood; children: ReactNode }) {
  return (
    <span className={`inline-block rounded-full border px-2 py-0.5 text-sm font-medium ${MOODS[mood]}`}>
      {children}
    </span>
  );
}

export function Notice({ mood, children }: { mood: Mood; children: ReactNode }) {
  return (
    <p
      role={mood === "bad" ? "alert" : "status"}
      className={`mb-3 rounded-lg border px-3 py-2 ${MOODS[mood]}`}
    >
      {children}
    </p>
  );
}

/** What a page says where there is nothing yet: which command fills it. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="py-6 text-center text-soft">{children}</p>;
}

/** What is too wide for the page: scrolled inside, by keyboard too. */
export function Scroll({
  label,
  className = "",
  children,
}: {
  label: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll
    <section className={`overflow-auto ${className}`} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

export interface Column<Row> {
  name: string;
  cell: (row: Row) => ReactNode;
  number?: boolean;
  /** never broken into lines: dates, ids */
  whole?: boolean;
}

export function Table<Row>({
  label,
  columns,
  rows,
  rowKey,
}: {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
}) {
  return (
    <Scroll label={label}>
      <table className="w-full border-collapse text-sm">
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.name}
                scope="col"
                className={`border-b border-line px-2 py-1 font-medium text-soft ${column.number ? "num" : "text-left"}`}
              >
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className="border-b border-line last:border-0">
              {columns.map((column) => (
                <td
                  key={column.name}
                  className={`px-2 py-1.5 align-baseline ${column.number ? "num" : ""} ${column.whole ? "whitespace-nowrap" : ""}`}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

export function Figure({ name, value, mood }: { name: string; value: string; mood?: Mood | undefined }) {
  return (
    <div className="min-w-28 flex-1 rounded-lg bg-raised px-3 py-2 sm:flex-none">
      <div className="text-sm text-soft">{name}</div>
      <div className={`text-lg font-semibold tabular-nums ${mood ? MOODS[mood] : ""}`}>{value}</div>
    </div>
  );
}

export function Dialog({
  title,
  open,
  onClose,
  children,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onClose={onClose}
      className="m-auto w-[min(44rem,95vw)] rounded-xl border border-line bg-surface p-5 text-ink"
    >
      <h2 id={id} className="mb-3 text-lg font-semibold">
        {title}
      </h2>
      {open && children}
    </dialog>
  );
}

/** The refusal in one line, with what to do. */
export function Refusal({ error }: { error: unknown }) {
  if (!error) return null;
  const remedy = error instanceof Refused ? error.problem.remedy : "";
  const text = error instanceof Error ? error.message : String(error);
  return (
    <Notice mood="bad">
      {text}
      {remedy && <span className="block text-sm">{remedy}</span>}
    </Notice>
  );
}

/** Show what a question was answered with, and that it is asked, or was refused. */
export function Shown<Data>({
  query,
  children,
}: {
  query: UseQueryResult<Data>;
  children: (data: Data) => ReactNode;
}) {
  if (query.data !== undefined)
    return (
      <>
        {query.error && <Refusal error={query.error} />}
        {children(query.data)}
      </>
    );
  if (query.error) return <Refusal error={query.error} />;
  return <p className="py-6 text-center text-soft">Loading …</p>;
}
