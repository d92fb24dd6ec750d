// <referral-share program="…">: what it shows depends on who looks, and on what the site says.

const HOME = new URL("./", import.meta.url).href;
const SHEET = new CSSStyleSheet(); // made by a script: a page that allows no inline styles allows it
SHEET.replaceSync(LOOK);

class ReferralShare extends HTMLElement {
  static observedAttributes = ["program", "api", "lang", "level"];

  #root = this.attachShadow({ mode: "open" });
  #said = h("p", { class: "unseen", role: "status" });
  #body = h("div", { class: "body" });
  #live = new Live(() => this.#look(), (news, signal) => this.session.follow(news, signal));
  #shown = ""; // what the figures were made of
  #turn = 0; // counts what was begun, so that an answer which comes late changes nothing

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [SHEET];
    this.#root.append(this.#body, this.#said);
  }

  connectedCallback() {
    this.#begin();
  }

  disconnectedCallback() {
    this.#turn += 1;
    this.#live.stop();
    this.session?.news.removeEventListener("change", this.#changed);
    this.session = null;
  }

  attributeChangedCallback(_name, before, now) {
    if (this.session && before !== now) this.#begin(); // else it is still to come
  }

  #changed = () => this.#begin();

  get #level() {
    return Number(this.getAttribute("level")) || 2;
  }

  /** Looks who is there, from the start. */
  async #begin() {
    const turn = (this.#turn += 1);
    this.#live.stop();
    this.#show(h("p", { class: "quiet", role: "status" }, (this.words ?? WORDS).loading));
    const program = this.getAttribute("program") ?? "";
    const site = new Site(new URL(this.getAttribute("api") ?? HOME, location).href);
    this.session?.news.removeEventListener("change", this.#changed);
    this.session = Session.of(site, program, this.hasAttribute("remember"));
    this.session.news.addEventListener("change", this.#changed);
    try {
      this.words = await wordsFor(this.lang || this.closest("[lang]")?.lang || "");
      const data = await this.#viewer();
      if (turn !== this.#turn) return;
      if (data) this.#welcome(data);
      else this.#greet(await this.#ask("program", { program }), turn);
    } catch (trouble) {
      if (turn === this.#turn) this.#fail(trouble);
    }
  }

  #ask(name, variables) {
    return this.session.site.ask(name, variables, { language: this.words.language });
  }

  /** What the referrer who is signed in may see; null where nobody is. */
  async #viewer() {
    const { language } = this.words;
    try {
      const data = await this.session.ask("viewer", { program: this.session.program, locale: language }, { language });
      return data.viewer ? data : null;
    } catch (trouble) {
      if (trouble.kind === "signedOut") return null;
      throw trouble;
    }
  }

  /** Shows a referrer their link, and how they are doing where that is surely them. */
  #welcome({ program, viewer }) {
    const { words } = this;
    const level = this.#level;
    this.figures = h("div", {});
    this.#show(
      program.isOpen ? null : closed(words, program),
      sharePanel({ words, program, link: viewer.link, level, onshare: (channel) => this.#shared(channel, viewer.link) }),
      this.figures,
      h("p", { class: "quiet" }, words.notYou, " ", button("quiet", words.signOut, () => this.#signOut())),
    );
    this.#draw(program, viewer);
    if (viewer.standing) this.#tell("signed-in");
    this.#live.start();
  }

  #draw(program, viewer) {
    const shown = JSON.stringify([program, viewer]);
    if (shown === this.#shown) return;
    const { words } = this;
    this.figures.replaceChildren(
      viewer.standing ? standing({ words, viewer, program, level: this.#level }) : notice(words.openMail),
    );
    if (this.#shown) this.#said.textContent = words.changed;
    this.#shown = shown;
  }

  /** Looks again; false where that did not work, null where the referrer is signed out by now. */
  async #look() {
    const turn = this.#turn;
    try {
      const data = await this.#viewer();
      if (turn !== this.#turn) return null;
      this.#stale(false);
      if (!data) {
        this.session.news.dispatchEvent(new Event("change"));
        return null;
      }
      this.#draw(data.program, data.viewer);
      return true;
    } catch {
      if (turn === this.#turn) this.#stale(true);
      return turn === this.#turn ? false : null;
    }
  }

  #stale(is) {
    const there = this.#body.querySelector(".stale");
    if (is && !there) this.figures.before(h("p", { class: "notice stale", role: "status" }, this.words.stale));
    if (!is) there?.remove();
  }

  /** Asks a stranger to join, or to sign in. */
  #greet({ program }, turn, { joining = program?.isOpen, told = "", good = true } = {}) {
    if (turn !== this.#turn) return;
    const { words } = this;
    if (!program) return this.#fail(new Trouble("unknown"));
    if (!told && this.session.badLink) [told, good] = [words.badLink, false];
    const input = { program: this.session.program, ...this.#returnTo() };
    const again = (more) => this.#greet({ program }, turn, more);
    const join = async (values) => {
      const { joinProgram } = await this.#ask("join", { input: { ...input, ...values } });
      if (joinProgram.link) this.#joined(program, joinProgram.link);
      return joinProgram.errors;
    };
    const ask = async (values) => {
      const { requestLoginLink } = await this.#ask("ask", { input: { ...input, ...values } });
      if (requestLoginLink.ok) again({ joining: false, told: words.mailSent });
      return requestLoginLink.errors;
    };
    const toggle = (text, to) => {
      const turned = () => {
        again({ joining: to });
        this.#body.querySelector("input")?.focus();
      };
      return h("p", { class: "toggle" }, button("quiet", text, turned));
    };
    this.#show(
      h("div", { class: "words" },
        h(`h${this.#level}`, { class: "heading" }, h("slot", { name: "heading" }, h("bdi", {}, program.name))),
        program.isOpen ? h("p", { class: "quiet" }, h("slot", { name: "text" })) : closed(words, program),
        joining && offers(words, program)),
      h("div", { class: "entry" },
        told && h("div", { class: "told" }, notice(told, good ? "good" : "bad")),
        joining ? joinForm({ words, program, send: join }) : h("p", { class: "quiet" }, words.joinedBefore),
        !joining && signInForm({ words, send: ask }),
        joining && toggle(words.signIn, false),
        !joining && program.isOpen && toggle(words.backToJoin, true)),
    );
    this.#body.classList.add("split");
  }

  /** Where the mail's link leads: here, where the site's settings allow it. The site's own pages have their own way. */
  #returnTo() {
    if (this.session.site.own) return {};
    return { returnTo: this.getAttribute("return-to") ?? location.origin + location.pathname };
  }

  /** Whoever has just joined sees their link at once; all else after a look into their mailbox. */
  #joined(program, link) {
    const { words } = this;
    this.#show(
      h("div", { class: "told" }, notice(words.joined, "good")),
      sharePanel({ words, program, link, level: this.#level, onshare: (channel) => this.#tell("shared", { channel }) }),
      notice(words.openMail),
    );
    this.#tell("joined");
  }

  #shared(channel, { code }) {
    this.#tell("shared", { channel });
    const input = { channel, code, program: this.session.program };
    this.session.ask("shared", { input }).catch(() => {}); // is a count, and nobody waits for it
  }

  async #signOut() {
    try {
      await this.session.signOut();
      this.#tell("signed-out");
    } catch (trouble) {
      this.#said.textContent = this.words[trouble.kind] ?? this.words.offline;
    }
  }

  /** Says what is wrong, in words, and shows what the page has put between the tags. */
  #fail(trouble) {
    const words = this.words ?? WORDS;
    const text = words[trouble.kind] ?? words.offline;
    const again = trouble.kind !== "unknown" && button("secondary", words.again, () => this.#begin());
    this.#show(h("div", { class: "trouble", role: "alert" }, notice(text, "bad"), again && h("p", {}, again)), h("slot"));
    this.#tell("trouble", { kind: trouble.kind });
  }

  #show(...children) {
    this.#shown = "";
    this.#said.textContent = "";
    this.#body.classList.remove("split");
    const hadFocus = this.#root.activeElement;
    this.#body.replaceChildren(...children.filter(Boolean));
    // Whoever was at something that is gone now, is led to what came in its place.
    if (hadFocus) {
      const to = this.#body.querySelector(".told") ?? this.#body.querySelector(".heading") ?? this.#body;
      to.tabIndex = -1;
      to.focus();
    }
    this.#body.lang = (this.words ?? WORDS).language;
    // What comes from the site is written in its direction; `dir` on the element or around it comes first.
    if (!this.closest("[dir]")) this.#body.dir = (this.words ?? WORDS).rtl ? "rtl" : "ltr";
  }

  #tell(what, detail = {}) {
    const init = { bubbles: true, composed: true, detail: { program: this.getAttribute("program"), ...detail } };
    this.dispatchEvent(new CustomEvent(`referral-share:${what}`, init));
  }
}

/** Why nobody can join at present. */
function closed(words, program) {
  const date = program.startsAt && words.day(program.startsAt);
  const text = { SCHEDULED: words.scheduled, ENDED: words.ended }[program.phase] ?? words.paused;
  return notice(fill(text, { name: program.name, date }));
}

const spoken = new Map();

/** What to say in a language, or in the site's nearest to it. Throws Trouble. */
function wordsFor(asked) {
  const language = asked.replace(/[^\w-]/g, "").toLowerCase() || WORDS.language;
  if (!spoken.has(language)) {
    const given = fetch(new URL(`referral-share/${language}.json`, HOME), { credentials: "omit" });
    spoken.set(language, given.then((response) => response.json()).then((words) => ({ ...words, day: days(words, asked) })));
    spoken.get(language).catch(() => spoken.delete(language)); // is tried again
  }
  return spoken.get(language).catch((error) => {
    throw new Trouble("offline", error.message);
  });
}

/** Writes a moment as its day, as the page's own country does where that is known. */
function days({ language }, asked) {
  const locales = asked.split("-")[0].toLowerCase() === language.split("-")[0] ? [asked, language] : [language];
  let format;
  try {
    format = new Intl.DateTimeFormat(locales, { dateStyle: "long" });
  } catch {
    format = new Intl.DateTimeFormat(language, { dateStyle: "long" });
  }
  return (moment) => format.format(new Date(moment));
}

if (!customElements.get("referral-share")) customElements.define("referral-share", ReferralShare);
