// Asks the site's API. Whatever goes wrong comes out as a Trouble, whose `kind` is a word that the element knows.

class Trouble extends Error {
  constructor(kind, message = "") {
    super(message || kind);
    this.kind = kind;
  }
}

class Site {
  constructor(api) {
    this.api = api;
    // On the site's own pages the cookie says who looks; a page elsewhere never sends one.
    this.own = new URL(api).origin === location.origin;
  }

  /** The data of an operation. Throws Trouble: signedOut, tooMany, offline. */
  async ask(name, variables, { language, token } = {}) {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    if (language) headers["Accept-Language"] = language;
    if (token) headers.Authorization = `Bearer ${token}`;
    let answer;
    try {
      const response = await fetch(this.api, {
        method: "POST",
        headers,
        body: JSON.stringify({ query: OPERATIONS[name], variables }),
        credentials: this.own ? "same-origin" : "omit",
        referrerPolicy: "no-referrer",
        cache: "no-store",
        signal: AbortSignal.timeout(20_000),
      });
      answer = await response.json();
    } catch (error) {
      throw new Trouble("offline", error.message);
    }
    const codes = (answer.errors ?? []).map((error) => error.extensions?.code);
    if (codes.includes("UNAUTHENTICATED")) throw new Trouble("signedOut");
    if (codes.includes("RATE_LIMITED")) throw new Trouble("tooMany");
    // UNVERIFIED comes with data: the link is shown to whoever has just joined, and the rest is left out.
    if (!answer.data || codes.some((code) => code !== "UNVERIFIED")) throw new Trouble("offline", codes.join());
    return answer.data;
  }
}
