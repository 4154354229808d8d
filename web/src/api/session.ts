// Who is logged in.

import { writeAs } from "../ui/format";
import { takeAccounts } from "./account";
import { api, Refused, repeatText, taken } from "./client";

export interface Session {
  name: string;
  kind: string;
  scopes: string[];
  csrf: string;
  elevated: boolean;
  second_factor: boolean;
  password: boolean;
  read_only: boolean;
  beyond: boolean;
  /** names of several accounts; empty where there is one */
  accounts: string[];
  /** how numbers and local times are written, `de-DE` */
  locale: string;
  /** of the program */
  version: string;
}

const LINK = "#k=";

/** Return the session of this browser; a one-time link in the address is used up and taken out of it. */
export async function enter(): Promise<Session> {
  if (location.hash.startsWith(LINK)) {
    const link = location.hash.slice(LINK.length);
    history.replaceState(null, "", location.pathname);
    return logIn({ link, password: "", code: "", remember: false });
  }
  try {
    return kept((await taken(api.GET("/api/v1/auth/session"))) as Session);
  } catch (refused) {
    if (!remembered() || !(refused instanceof Refused) || refused.status !== 401) throw refused;
    return await byDevice();
  }
}

/** Come in as a remembered device; one that is forgotten is not tried again, because that would count as a guess. */
async function byDevice(): Promise<Session> {
  try {
    return await logIn({ link: "", password: "", code: "", remember: false });
  } catch (refused) {
    localStorage.removeItem(REMEMBERED);
    throw refused;
  }
}

const REMEMBERED = "jutsu-device";

/** Whether this browser has, as far as it knows, the cookie of a remembered device. */
export function remembered(): boolean {
  return localStorage.getItem(REMEMBERED) !== null;
}

/** Remember this device for reading and approving. */
export async function rememberDevice(): Promise<void> {
  await taken(api.POST("/api/v1/auth/devices"));
  localStorage.setItem(REMEMBERED, "yes");
}

export async function logIn(body: {
  link: string;
  password: string;
  code: string;
  remember: boolean;
}): Promise<Session> {
  const session = kept((await taken(api.POST("/api/v1/auth/login", { body }))) as Session);
  if (body.remember) localStorage.setItem(REMEMBERED, "yes");
  return session;
}

/** Prove oneself again; the account stays the one that is shown: what waits for the proof is about it. */
export async function elevate(password: string, code: string): Promise<Session> {
  const session = (await taken(api.POST("/api/v1/auth/elevate", { body: { password, code } }))) as Session;
  repeatText(session.csrf);
  return session;
}

function kept(session: Session): Session {
  repeatText(session.csrf);
  takeAccounts(session.accounts);
  writeAs(session.locale);
  return session;
}
