// Paper or real orders: back to paper at once, to real orders after what stands in the way is gone.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, taken } from "../api/client";
import type { Session } from "../api/session";
import { useMode } from "../api/views";
import { Field } from "../ui/field";
import { Badge, Button, Card, Notice, Refusal, Shown } from "../ui/parts";
import { Prove, useGrave } from "../ui/prove";

export function ModeSwitch({ session }: { session: Session }) {
  const mode = useMode();
  const [typed, setTyped] = useState("");
  const check = useMutation({ mutationFn: () => taken(api.POST("/api/v1/control/mode/check")) });
  const change = (wanted: "offline_mock" | "online_live") =>
    taken(api.PUT("/api/v1/control/mode", { body: { mode: wanted, typed, reason: "" } }));
  const online = useGrave(
    () => change("online_live"),
    () => setTyped(""),
  );
  const offline = useGrave(
    () => change("offline_mock"),
    () => undefined,
  );
  const may = session.scopes.includes("control") && !session.read_only;
  return (
    <Card title="Paper or real orders">
      <Shown query={mode}>
        {({ data }) => (
          <>
            <p className="mb-3">
              {data.mode === "online_live" ? (
                <Badge mood="bad">real orders</Badge>
              ) : (
                <Badge mood="good">paper: nothing leaves</Badge>
              )}{" "}
              from <span className="break-all">{data.source}</span>. Real orders would go to account{" "}
              {data.account}, which is {data.confirmed ? "confirmed" : "not confirmed"}.
            </p>
            <Prove grave={online} session={session} />
            <Prove grave={offline} session={session} />
            {may && data.mode === "online_live" && (
              <Button tone="accent" disabled={offline.pending} onClick={offline.run}>
                Back to paper
              </Button>
            )}
            {may && data.mode !== "online_live" && (
              <>
                <Refusal error={check.error} />
                <Button disabled={check.isPending} onClick={() => check.mutate()}>
                  {check.isPending ? "Asking doctor and ready …" : "What stands in the way of real orders?"}
                </Button>
                {check.data?.obstacles.length === 0 && (
                  <Notice mood="good">Nothing stands in the way.</Notice>
                )}
                <ul className="my-3 list-disc pl-5 text-sm">
                  {check.data?.obstacles.map((one) => (
                    <li key={`${one.path} ${one.problem}`}>
                      {one.path}: {one.problem} {one.remedy && `(${one.remedy})`}
                    </li>
                  ))}
                </ul>
                {check.data?.obstacles.length === 0 && (
                  <>
                    <Field
                      label={`Type “${data.words}” to send real orders from the next run on`}
                      value={typed}
                      autoComplete="off"
                      onValue={setTyped}
                    />
                    <Button tone="bad" disabled={typed !== data.words || online.pending} onClick={online.run}>
                      Send real orders
                    </Button>
                  </>
                )}
              </>
            )}
          </>
        )}
      </Shown>
    </Card>
  );
}
