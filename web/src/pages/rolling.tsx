// Sharpe ratio and volatility over a moving window, of one book at a time.
import { useMemo, useState } from "react";
import { useRolling } from "../api/views";
import { Panes } from "../charts/panes";
import { Card, Empty, Shown } from "../ui/parts";
import { Select } from "../ui/select";

const WINDOWS = ["63", "126", "252"] as const;

export function Rolling({ variants }: { variants: string[] }) {
  const [variant, setVariant] = useState(variants[0] ?? "");
  const [window, setWindow] = useState<string>(WINDOWS[0]);
  const rolling = useRolling(variant, Number(window));
  const data = rolling.data?.data;
  const panes = useMemo(
    () => [
      { lines: [{ name: "Sharpe", values: data?.sharpe ?? [] }], height: 140 },
      { lines: [{ name: "volatility", values: data?.volatility ?? [] }], height: 100 },
    ],
    [data],
  );
  return (
    <Card title="Over a moving window">
      <div className="grid gap-x-4 sm:grid-cols-2">
        <Select label="Book" value={variant} options={variants} onValue={setVariant} />
        <Select label="Sessions" value={window} options={WINDOWS} onValue={setWindow} />
      </div>
      <Shown query={rolling}>
        {() =>
          data?.sharpe.some((value) => value != null) ? (
            <Panes label={`Moving window of ${variant}`} time={data.time} panes={panes} />
          ) : (
            <Empty>
              It begins after {window} sessions; {variant} has {data?.time.length ?? 0}.
            </Empty>
          )
        }
      </Shown>
    </Card>
  );
}
