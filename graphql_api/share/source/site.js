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
    let answer;
    try {
      const more = { language, token, signal: AbortSignal.timeout(20_000) };
      answer = await (await this.#send(this.api, "application/json", name, variables, more)).json();
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

  /** Calls `news` at each event of a subscription until it ends; false where the site has no such stream. */
  async follow(name, variables, { token, signal, news }) {
    const response = await this.#send(new URL("stream", this.api), "text/event-stream", name, variables, { token, signal });
    if (!response.ok) return response.status === 429 || response.status === 503; // too many now, which passes
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let unread = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return true;
      const events = (unread + value).split("\n\n");
      unread = events.pop();
      if (events.some((event) => event.startsWith("event: next"))) news();
    }
  }

  #send(address, accept, name, variables, { language, token, signal }) {
    const headers = { "Content-Type": "application/json", Accept: accept };
    if (language) headers["Accept-Language"] = language;
    if (token) headers.Authorization = `Bearer ${token}`;
    const body = JSON.stringify({ query: OPERATIONS[name], variables });
    const credentials = this.own ? "same-origin" : "omit";
    return fetch(address, { method: "POST", headers, body, signal, credentials, referrerPolicy: "no-referrer" });
  }
}
