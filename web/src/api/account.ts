// Which of several accounts this tab looks at. Every question and action names it; without accounts none does.
const CHOSEN = "jutsu-account";
let account = "";

/** Take the accounts there are; this tab keeps the one it looks at, a new tab begins with that of the newest choice. */
export function takeAccounts(names: readonly string[]): string {
  const kept = sessionStorage.getItem(CHOSEN) ?? localStorage.getItem(CHOSEN) ?? "";
  account = names.includes(kept) ? kept : (names[0] ?? "");
  if (account) sessionStorage.setItem(CHOSEN, account);
  return account;
}

export function chosenAccount(): string {
  return account;
}

/** Look at another account: everything that is shown is asked anew. */
export function chooseAccount(name: string): void {
  sessionStorage.setItem(CHOSEN, name);
  localStorage.setItem(CHOSEN, name);
  location.reload();
}

/** Without a name it stops every account: who stops need not choose first. */
const OF_EVERY = "/api/v1/control/kill";

/** The address of a question or an action about the chosen account. */
export function ofAccount(address: string): string {
  if (!account || address.endsWith(OF_EVERY)) return address;
  return `${address}${address.includes("?") ? "&" : "?"}account=${encodeURIComponent(account)}`;
}
