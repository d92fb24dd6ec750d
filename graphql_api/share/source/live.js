// Keeps what is shown fresh: looks again every half minute while the page is seen, ever more rarely while it fails.

const EVERY = 30_000;
const AT_MOST = 300_000;

class Live {
  #timer = null;
  #wait = EVERY;
  #looked = 0;

  /** `look` returns whether it could. */
  constructor(look) {
    this.look = look;
    this.seen = () => {
      clearTimeout(this.#timer);
      if (document.visibilityState === "visible") this.#plan(Math.max(0, this.#looked + this.#wait - Date.now()));
    };
  }

  start() {
    this.#looked = Date.now();
    this.#wait = EVERY;
    document.addEventListener("visibilitychange", this.seen);
    this.seen();
  }

  stop() {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.seen);
  }

  #plan(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const well = await this.look();
      this.#looked = Date.now();
      this.#wait = well ? EVERY : Math.min(AT_MOST, this.#wait * 2);
      if (well !== null) this.seen(); // null: there is nothing to look at any more
    }, wait);
  }
}
