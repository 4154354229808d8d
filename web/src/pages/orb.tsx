// Opening-range strategies: the frame of their page, empty until a book of them trades here.
import { Card, Empty } from "../ui/parts";

export function OrbPage() {
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Opening range</h1>
      <Card title="Books">
        <Empty>
          No opening-range book trades here. <code>jutsu config show books</code> lists the books that do;
          they are named in <code>config/live.yaml</code>.
        </Empty>
      </Card>
    </>
  );
}
