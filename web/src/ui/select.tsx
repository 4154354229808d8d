import { type ReactNode, useId } from "react";

/** A labelled choice of texts. */
export function Select({
  label,
  value,
  options,
  onValue,
}: {
  label: ReactNode;
  value: string;
  options: readonly string[];
  onValue: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className="mb-3">
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        className="min-h-11 w-full rounded-lg border border-line bg-ground px-3"
        value={value}
        onChange={(event) => onValue(event.target.value)}
      >
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </div>
  );
}

/** How far something is, with its number. */
export function Progress({ label, done }: { label: string; done: number }) {
  return (
    <span className="flex items-center gap-2">
      <progress aria-label={label} max={1} value={done} className="h-2 w-24" />
      <span className="tabular-nums">{Math.round(done * 100)} %</span>
    </span>
  );
}
