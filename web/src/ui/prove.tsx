// What may need a person to prove again that it is them: from other machines, and where real money is at stake.
import { type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refused } from "../api/client";
import { elevate, type Session } from "../api/session";
import { Field } from "./field";
import { Refusal } from "./parts";

export interface Grave<Done> {
  act: UseMutationResult<Done, Error, void>;
  prove: UseMutationResult<Session, Error, void>;
  needed: boolean;
  pending: boolean;
  password: string;
  code: string;
  setPassword: (text: string) => void;
  setCode: (text: string) => void;
  /** Do it; prove oneself first where the server asked for it. */
  run: () => void;
}

export function useGrave<Done>(mutationFn: () => Promise<Done>, onDone: (done: Done) => void): Grave<Done> {
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const act = useMutation<Done, Error, void>({
    mutationFn,
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries(),
  });
  const prove = useMutation<Session, Error, void>({
    mutationFn: () => elevate(password, code),
    onSuccess: (found) => {
      queries.setQueryData(["session"], found);
      act.mutate();
    },
  });
  const needed = act.error instanceof Refused && act.error.problem.type.endsWith("#elevate");
  return {
    act,
    prove,
    needed,
    pending: act.isPending || prove.isPending,
    password,
    code,
    setPassword,
    setCode,
    run: () => (needed ? prove.mutate() : act.mutate()),
  };
}

/** The refusal, or the fields to prove oneself by. */
export function Prove<Done>({ grave, session }: { grave: Grave<Done>; session: Session }) {
  return (
    <>
      <Refusal error={grave.prove.error ?? (grave.needed ? null : grave.act.error)} />
      {grave.needed && (
        <>
          <p className="mb-2">Prove that it is you, then do it again.</p>
          {session.password && (
            <Field
              label="Password"
              type="password"
              autoComplete="current-password"
              value={grave.password}
              onValue={grave.setPassword}
            />
          )}
          {session.second_factor && (
            <Field label="Code" inputMode="numeric" value={grave.code} onValue={grave.setCode} />
          )}
        </>
      )}
    </>
  );
}
