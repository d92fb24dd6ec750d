// Puts the bar at the bottom of a phone's screen away while the page shows another main button: one action a screen.
// It stays where it stands at the page's end, and for whoever goes by keyboard; without this script it is always there.

/** Tells `changed` whether at least `part` of any of the `elements` is on the screen, now and whenever that changes. */
function watch(elements, part, changed) {
  const seen = new Set();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) seen[isIntersecting ? "add" : "delete"](target);
      changed(seen.size > 0);
    },
    { threshold: part },
  );
  for (const element of elements) observer.observe(element);
}

function follow(bar) {
  const others = [...document.querySelectorAll(".rb-button--primary")].filter((b) => !b.closest(".rb-cta-bar"));
  const end = document.createElement("div");
  end.className = "rb-cta-bar__end";
  bar.after(end);
  let isOther = others.length > 0;
  let isEnd = false;
  let byKeyboard = false;
  const settle = () => {
    bar.classList.toggle("rb-cta-bar--away", isOther && !isEnd && !byKeyboard);
    bar.classList.add("rb-cta-bar--settled");
  };
  watch(others, 0.5, (is) => {
    isOther = is;
    settle();
  });
  watch([end], 0, (is) => {
    isEnd = is;
    settle();
  });
  addEventListener("keydown", ({ key }) => {
    byKeyboard ||= key === "Tab";
    settle();
  });
}

for (const bar of document.querySelectorAll(".rb-cta-bar--sticky")) follow(bar);
