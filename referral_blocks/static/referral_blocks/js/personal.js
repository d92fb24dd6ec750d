// On a page that was made for a stranger and may come out of a cache: whoever left a hint that the site knows them is
// led once to the same page at ?rb=me, which no shared cache keeps. There the parameter goes from the address again, so
// that nobody passes it on. Without this script links and sign-in still lead to addresses of their own.

const here = new URL(location.href);
if (here.searchParams.get("rb") === "me") {
  here.searchParams.delete("rb");
  history.replaceState(history.state, "", here);
} else if (!here.searchParams.has("rb") && /(?:^|; )rb_hint=1(?:;|$)/.test(document.cookie)) {
  here.searchParams.set("rb", "me");
  location.replace(here);
}
