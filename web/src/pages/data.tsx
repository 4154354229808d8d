// The stored bars: how complete each symbol is year by year, and what is wrong with one.
import { useMemo, useState } from "react";
import type { Views } from "../api/client";
import { useBars, useSymbolStatus, useSymbols } from "../api/views";
import { Panes } from "../charts/panes";
import { count } from "../ui/format";
import { Badge, Button, Card, Empty, Notice, Shown, Table } from "../ui/parts";

type Stored = Views["StoredSymbol"];

export default function DataPage() {
  const symbols = useSymbols();
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Data</h1>
      <Shown query={symbols}>
        {({ data }) =>
          data.items.length === 0 ? (
            <Card>
              <Empty>
                No bars are stored in <code>{data.folder}</code>. <code>jutsu data import DIR</code> reads CSV
                files into it.
              </Empty>
            </Card>
          ) : (
            <Card
              title="Stored bars"
              aside={<span className="text-sm text-soft">{data.folder || "the made-up market"}</span>}
            >
              <Table
                label="Stored bars"
                rows={data.items}
                rowKey={(line) => line.symbol}
                columns={[
                  {
                    name: "Symbol",
                    cell: (line) => (
                      <Button aria-label={`Show ${line.symbol}`} onClick={() => setChosen(line.symbol)}>
                        {line.symbol}
                      </Button>
                    ),
                  },
                  { name: "State", cell: (line) => <State line={line} /> },
                  { name: "Bars", number: true, cell: (line) => count(line.bars) },
                  { name: "First", whole: true, cell: (line) => line.first },
                  { name: "Last", whole: true, cell: (line) => line.last },
                  { name: "Years", cell: (line) => <Years line={line} /> },
                  { name: "Used by", cell: (line) => line.used_by.join(", ") },
                  { name: "From", cell: (line) => `${line.source}, ${line.basis}` },
                ]}
              />
            </Card>
          )
        }
      </Shown>
      {chosen && <One symbol={chosen} />}
    </>
  );
}

function State({ line }: { line: Stored }) {
  if (line.missing > 0) return <Badge mood="bad">{line.missing} missing</Badge>;
  if (line.behind > 0) return <Badge mood="warn">{line.behind} behind</Badge>;
  return <Badge mood="good">complete</Badge>;
}

/** One mark a year: whole, short of sessions, or with a split. */
function Years({ line }: { line: Stored }) {
  const short = line.years.filter((year) => year.bars < year.sessions);
  const words =
    short.length === 0
      ? "every year is complete"
      : short
          .map((year) => `${year.year}: ${year.sessions - year.bars} of ${year.sessions} missing`)
          .join("; ");
  const wide = 8;
  return (
    <svg
      role="img"
      aria-label={words}
      viewBox={`0 0 ${line.years.length * wide} 14`}
      className="h-4 min-w-24"
      preserveAspectRatio="xMinYMid meet"
    >
      <title>{words}</title>
      {line.years.map((year, at) => (
        <rect
          key={year.year}
          x={at * wide}
          y={year.bars < year.sessions ? 6 : 0}
          width={wide - 2}
          height={year.bars < year.sessions ? 8 : 14}
          className={year.bars < year.sessions ? "fill-bad" : year.splits > 0 ? "fill-warn" : "fill-good"}
        />
      ))}
    </svg>
  );
}

function One({ symbol }: { symbol: string }) {
  const status = useSymbolStatus(symbol);
  const bars = useBars(symbol);
  const found = bars.data?.data;
  const panes = useMemo(
    () =>
      found
        ? [
            { lines: [{ name: symbol, values: found.close }], height: 220 },
            { lines: [{ name: "volume", values: found.volume, bars: true }], height: 80 },
          ]
        : [],
    [found, symbol],
  );
  return (
    <Card title={symbol}>
      <Shown query={status}>
        {({ data }) => (
          <>
            {data.findings.length === 0 && data.gaps.length === 0 && (
              <Notice mood="good">Nothing is wrong with these bars.</Notice>
            )}
            {data.gaps.length > 0 && (
              <Notice mood="bad">
                Sessions without a bar: {data.gaps.join(", ")}. Import them: jutsu data import DIR
              </Notice>
            )}
            {data.findings.map((finding) => (
              <Notice key={`${finding.path} ${finding.problem}`} mood="warn">
                {finding.path}: {finding.problem} {finding.remedy && `(${finding.remedy})`}
              </Notice>
            ))}
          </>
        )}
      </Shown>
      <Shown query={bars}>
        {() => <Panes label={`Bars of ${symbol}`} time={found?.time ?? []} panes={panes} />}
      </Shown>
    </Card>
  );
}
