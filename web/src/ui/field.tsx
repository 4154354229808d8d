import { type InputHTMLAttributes, useId } from "react";

/** A labelled input. */
export function Field({
  label,
  onValue,
  hint,
  ...rest
}: Omit<InputHTMLAttributes<HTMLInputElement>, "onChange"> & {
  label: string;
  hint?: string;
  onValue: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className="mb-3">
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        className="min-h-11 w-full rounded-lg border border-line bg-ground px-3"
        onChange={(event) => onValue(event.target.value)}
        {...rest}
      />
      {hint && <p className="mt-1 text-sm text-soft">{hint}</p>}
    </div>
  );
}
