// Who is logged in.
import { api, repeatText, taken } from "./client";

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
}

const LINK = "#k=";

/** Return the session of this browser; a one-time link in the address is used up and taken out of it. */
export async function enter(): Promise<Session> {
  if (location.hash.startsWith(LINK)) {
    const link = location.hash.slice(LINK.length);
    history.replaceState(null, "", location.pathname);
    return logIn({ link, password: "", code: "", remember: false });
  }
  return kept((await taken(api.GET("/api/v1/auth/session"))) as Session);
}

export async function logIn(body: {
  link: string;
  password: string;
  code: string;
  remember: boolean;
}): Promise<Session> {
  return kept((await taken(api.POST("/api/v1/auth/login", { body }))) as Session);
}

export async function elevate(password: string, code: string): Promise<Session> {
  return kept((await taken(api.POST("/api/v1/auth/elevate", { body: { password, code } }))) as Session);
}

function kept(session: Session): Session {
  repeatText(session.csrf);
  return session;
}
