// Keeps a referrer signed in on pages of other origins: docs/how-to/embed-the-share-panel.md says where tokens are, and
// why. On the site's own pages its cookie does all of this.

const FRAGMENT = "#referral-sign-in=";
const EARLY = 30_000; // milliseconds before its end in which an access token is not used any more
const sessions = new Map();

/** The token that a sign-in link has brought, taken out of the address before anything else can read it there. */
const arrived = (() => {
  if (!location.hash.startsWith(FRAGMENT)) return "";
  const token = location.hash.slice(FRAGMENT.length);
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
})();

const exchanges = new Map();

/** What the arrived token is worth at this API: asked once, whichever elements want to know. */
function exchange(site) {
  if (!exchanges.has(site.api)) {
    const asked = site.ask("exchange", { input: { token: arrived } }).then((data) => data.exchangeLoginToken);
    exchanges.set(site.api, asked);
    asked.catch(() => exchanges.delete(site.api)); // is tried again
  }
  return exchanges.get(site.api);
}

class Session {
  /** One for all elements of a programme, so that they are signed in and out together. */
  static of(site, program, remember) {
    const key = `referral-share:${site.api}:${program}`;
    if (!sessions.has(key)) sessions.set(key, new Session(site, program, key, remember));
    return sessions.get(key);
  }

  #access = null; // { token, until }: in memory alone
  #opening = null;
  #refreshing = null;

  constructor(site, program, key, remember) {
    Object.assign(this, { site, program, key, remember, news: new EventTarget(), badLink: false });
  }

  get #store() {
    try {
      return this.remember ? localStorage : sessionStorage;
    } catch {
      return null; // a page whose storage is blocked: signed in until it is left
    }
  }

  get #kept() {
    try {
      return JSON.parse(this.#store?.getItem(this.key));
    } catch {
      return null;
    }
  }

  /** Takes up a sign-in: the one that the address has brought, or the one that is kept. */
  open() {
    this.#opening ??= this.#open().catch((trouble) => {
      this.#opening = null;
      throw trouble;
    });
    return this.#opening;
  }

  async #open() {
    if (this.site.own) return undefined;
    if (arrived) {
      const given = await exchange(this.site);
      if (given.program?.slug === this.program) {
        const id = newSignIn();
        this.#keep(given, id);
        return this.#isOurs(id);
      }
      this.badLink = !given.token;
    }
    const kept = this.#kept;
    if (kept && !(await this.#isOurs(kept.id))) this.#forget();
    return undefined;
  }

  /** Whether no other tab has this sign-in: one that was duplicated has a copy of what works once. */
  async #isOurs(id) {
    if (!navigator.locks || this.remember) return true;
    return new Promise((resolve) => {
      const held = () => new Promise(() => resolve(true)); // until the tab is closed
      navigator.locks.request(`${this.key}:${id}`, { signal: AbortSignal.timeout(800) }, held).catch(() => resolve(false));
    });
  }

  /** The data of an operation as the referrer. Throws Trouble, signedOut where nobody is signed in any more. */
  async ask(name, variables, options = {}) {
    await this.open();
    if (this.site.own) return this.site.ask(name, variables, options);
    const token = await this.#token();
    if (!token) throw new Trouble("signedOut");
    try {
      return await this.site.ask(name, variables, { ...options, token });
    } catch (trouble) {
      if (trouble.kind !== "signedOut") throw trouble;
      if (this.#access?.token === token) this.#access = null;
      const next = await this.#token();
      if (!next) throw trouble;
      return this.site.ask(name, variables, { ...options, token: next });
    }
  }

  /** As Site.follow, for what the referrer may know. */
  async follow(news, signal) {
    const token = this.site.own ? "" : await this.#token();
    return this.site.follow("follow", { program: this.program }, { token, signal, news });
  }

  /** An access token that holds, or "" where nobody is signed in. */
  async #token() {
    if (this.#access && this.#access.until - EARLY > Date.now()) return this.#access.token;
    if (!this.#kept) return "";
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  /** Changes the refresh token, which works once, for the next: one tab after the other where they share it. */
  async #refresh() {
    const change = async () => {
      const kept = this.#kept;
      if (!kept) return "";
      const data = await this.site.ask("refresh", { input: { refreshToken: kept.refresh } });
      const given = data.refreshSession;
      if (given.token) this.#keep(given, kept.id);
      else if (given.errors.some((error) => error.code === "RATE_LIMITED")) throw new Trouble("tooMany");
      else this.#forget();
      return given.token ?? "";
    };
    return navigator.locks ? navigator.locks.request(this.key, change) : change();
  }

  #keep({ token, expiresAt, refreshToken }, id) {
    this.#access = { token, until: Date.parse(expiresAt) };
    try {
      this.#store?.setItem(this.key, JSON.stringify({ refresh: refreshToken, id }));
    } catch {
      // Full or blocked: signed in until the page is left.
    }
  }

  #forget() {
    this.#access = null;
    try {
      this.#store?.removeItem(this.key);
    } catch {
      // Nothing is kept.
    }
  }

  async signOut() {
    try {
      await this.ask("sign_out", {});
    } catch (trouble) {
      if (trouble.kind !== "signedOut") throw trouble;
    }
    this.#forget();
    this.news.dispatchEvent(new Event("change"));
  }
}

/** Names a sign-in to other tabs; no secret. */
function newSignIn() {
  return Math.random().toString(36).slice(2);
}
