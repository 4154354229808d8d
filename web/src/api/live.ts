// The socket that says that something changed; the page then asks again what it shows.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { chosenAccount } from "./account";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const SILENCE = 10_000;
const POLL = 15_000;
/** a run commits many times in a second; the page asks again once */
const GAP = 900;

/** Keep a socket open; return whether it has been down for more than ten seconds. */
export function useLive(): boolean {
  const queries = useQueryClient();
  const [silent, setSilent] = useState(false);
  useEffect(() => listen(queries, setSilent), [queries]);
  return silent;
}

function listen(queries: QueryClient, setSilent: (silent: boolean) => void): () => void {
  let socket: WebSocket | null = null;
  let wait = FIRST_WAIT;
  let ended = false;
  let retry: number | undefined;
  let alarm: number | undefined;
  let poll: number | undefined;

  const refresh = seldom(() => void queries.invalidateQueries(), GAP);
  const open = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/ws/live`);
    socket.onmessage = (event) => {
      wait = FIRST_WAIT;
      clearTimeout(alarm);
      clearInterval(poll);
      alarm = poll = undefined;
      setSilent(false);
      const said = read(event.data);
      if (said.account !== undefined && said.account !== chosenAccount()) return;
      if (said.type === "job") void queries.invalidateQueries({ queryKey: ["jobs"] });
      else refresh();
    };
    socket.onclose = () => {
      if (ended) return;
      alarm ??= window.setTimeout(() => setSilent(true), SILENCE);
      poll ??= window.setInterval(refresh, POLL);
      retry = window.setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };
  open();
  return () => {
    ended = true;
    clearTimeout(retry);
    clearTimeout(alarm);
    clearInterval(poll);
    socket?.close();
  };
}

/** Do it at once, and after that at most once in `gap` milliseconds: the last wish is always fulfilled. */
export function seldom(act: () => void, gap: number): () => void {
  let next: number | undefined;
  let again = false;
  const done = () => {
    next = undefined;
    if (again) begin();
  };
  const begin = () => {
    again = false;
    next = window.setTimeout(done, gap);
    act();
  };
  return () => {
    if (next === undefined) begin();
    else again = true;
  };
}

/** What a message is about: how far a job is, or that something of an account changed. */
export function read(text: unknown): { type?: string; account?: string } {
  try {
    return JSON.parse(String(text)) as { type?: string; account?: string };
  } catch {
    return {};
  }
}
