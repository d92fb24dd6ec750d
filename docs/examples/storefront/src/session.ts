// Who is signed in: the access token in memory, the refresh token in this tab's storage. It works once, so that
// everything that needs the next one waits for the same answer.
import { ApiError, ask } from "./api";
import { graphql } from "./gql";

const KEY = "storefront-refresh-token";
const FRAGMENT = "#referral-sign-in=";
let access = { token: "", until: 0 };
let refreshing: Promise<string> | null = null;

const Exchange = graphql(`
  mutation Exchange($input: ExchangeLoginTokenInput!) {
    exchangeLoginToken(input: $input) { token expiresAt refreshToken errors { message } }
  }
`);
const Refresh = graphql(`
  mutation Refresh($input: RefreshSessionInput!) {
    refreshSession(input: $input) { token expiresAt refreshToken errors { message } }
  }
`);
const SignOut = graphql(`
  mutation SignOut { signOut { ok } }
`);

interface Tokens {
  token?: string | null;
  expiresAt?: string | null;
  refreshToken?: string | null;
}

function keep({ token, expiresAt, refreshToken }: Tokens): string {
  if (!token || !expiresAt || !refreshToken) {
    sessionStorage.removeItem(KEY);
    access = { token: "", until: 0 };
    return "";
  }
  sessionStorage.setItem(KEY, refreshToken);
  access = { token, until: Date.parse(expiresAt) - 30_000 };
  return token;
}

/** The token that the sign-in link in the mail has brought, taken out of the address bar; "" where there is none. One that
 *  leads to the page with <referral-share> is for that element. */
function arrived(): string {
  if (location.pathname !== "/dashboard" || !location.hash.startsWith(FRAGMENT)) return "";
  const token = location.hash.slice(FRAGMENT.length);
  history.replaceState(null, "", location.pathname);
  return token;
}

const token = arrived();
const ready = token ? ask(Exchange, { input: { token } }).then((data) => keep(data.exchangeLoginToken ?? {})) : null;

/** An access token that holds; throws UNAUTHENTICATED where nobody is signed in. */
export async function accessToken(): Promise<string> {
  await ready;
  if (access.until > Date.now()) return access.token;
  const refreshToken = sessionStorage.getItem(KEY);
  if (refreshToken) {
    refreshing ??= ask(Refresh, { input: { refreshToken } })
      .then((data) => keep(data.refreshSession ?? {}))
      .finally(() => (refreshing = null));
    const next = await refreshing;
    if (next) return next;
  }
  throw new ApiError("UNAUTHENTICATED", "Sign in first.");
}

export async function signOut(): Promise<void> {
  await ask(SignOut, {}, await accessToken());
  keep({});
}
