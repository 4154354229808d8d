// Monthly returns as a table whose cells carry sign and colour.
import type { Views } from "../api/client";
import { signedPercent } from "../ui/format";
import { Scroll } from "../ui/parts";

const NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function Months({ name, rows }: { name: string; rows: Views["MonthRow"][] }) {
  if (rows.length === 0) return null;
  return (
    <Scroll label={`Months of ${name}`}>
      <table className="w-full text-sm">
        <thead>
          <tr className="text-soft">
            <th scope="col" className="px-2 text-left font-medium">
              Year
            </th>
            {NAMES.map((month) => (
              <th key={month} scope="col" className="num px-2 font-medium">
                {month}
              </th>
            ))}
            <th scope="col" className="num px-2 font-medium">
              All
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.year}>
              <th scope="row" className="px-2 text-left font-medium">
                {row.year}
              </th>
              {row.months.map((made, at) => (
                <Cell key={NAMES[at]} made={made} />
              ))}
              <Cell made={row.total} />
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Cell({ made }: { made: number | null }) {
  const colour = made == null ? "text-soft" : made < 0 ? "text-bad" : "text-good";
  return <td className={`num px-2 ${colour}`}>{made == null ? "" : signedPercent(made, 1)}</td>;
}
