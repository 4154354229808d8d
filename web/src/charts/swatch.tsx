// The colour of a line beside its name; it says nothing to who cannot see it.
import { colourName } from "./look";

export function Swatch({ at }: { at: number }) {
  return (
    <span
      aria-hidden="true"
      className="inline-block size-3 rounded-sm align-baseline"
      style={{ background: `var(${colourName(at)})` }}
    />
  );
}
