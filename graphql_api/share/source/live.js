// Keeps what is shown fresh while it is seen. The site's stream says when to look; where there is none, the element looks
// every half minute, and ever more rarely while that fails.

const EVERY = 30_000;
const AT_MOST = 300_000;

class Live {
  #timer = null;
  #wait = EVERY;
  #looked = 0;
  #stream = null;
  #hasStream = true; // as far as we know

  /** `look` returns whether it could, null where there is nothing to look at any more; `follow` calls what it is given
   *  at each piece of news, and returns false where the site has no stream. */
  constructor(look, follow) {
    Object.assign(this, { look, follow });
  }

  start() {
    this.#looked = Date.now();
    this.#wait = EVERY;
    document.addEventListener("visibilitychange", this.#seen);
    this.#seen();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.#seen);
    this.#rest();
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#stream?.abort();
    this.#stream = null;
  }

  #seen = () => {
    if (document.visibilityState !== "visible") return this.#rest();
    this.#plan(this.#looked + this.#wait - Date.now());
    if (!this.#stream && this.#hasStream) this.#listen();
  };

  async #listen() {
    const stream = (this.#stream = new AbortController());
    try {
      this.#hasStream = await this.follow(() => {
        this.#wait = AT_MOST; // in case a piece of news gets lost
        this.#plan(0);
      }, stream.signal);
    } catch {
      // The next look tries again.
    }
    if (this.#stream !== stream) return;
    this.#stream = null;
    this.#wait = Math.min(this.#wait, EVERY);
    this.#plan(this.#wait);
  }

  #plan(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const well = await this.look();
      if (well === null) return;
      this.#looked = Date.now();
      const usual = this.#stream ? this.#wait : EVERY;
      this.#wait = well ? usual : Math.min(AT_MOST, this.#wait * 2);
      this.#seen();
    }, Math.max(0, wait));
  }
}
