// Keeps a countdown true to the minute: the page may come out of a cache, so the server leaves hours to this script.

const SECONDS = { day: 86400, hour: 3600, minute: 60 };
const language = document.documentElement.lang || "en";

/** "3 hours" as number and word, in the page's language. */
function parts(value, unit) {
  const format = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" });
  const pieces = format.formatToParts(value);
  const isNumber = (piece) => piece.type !== "unit" && piece.type !== "literal";
  return {
    number: pieces.filter(isNumber).map((piece) => piece.value).join(""),
    word: pieces.filter((piece) => piece.type === "unit").map((piece) => piece.value).join(" "),
  };
}

function show(countdown) {
  let left = Math.floor((new Date(countdown.dataset.rbCountdown) - Date.now()) / 1000);
  if (left <= 0) {
    const over = countdown.parentElement.querySelector("[data-rb-over]");
    over.hidden = over.textContent === "";
    countdown.hidden = true;
    return false;
  }
  for (const [unit, seconds] of Object.entries(SECONDS)) {
    const { number, word } = parts(Math.floor(left / seconds), unit);
    left %= seconds;
    const item = countdown.querySelector(`[data-rb-unit="${unit}"]`);
    item.querySelector("b").textContent = number;
    item.querySelector("span").textContent = word;
  }
  countdown.classList.add("rb-countdown__running--live");
  return true;
}

for (const countdown of document.querySelectorAll("[data-rb-countdown]")) {
  if (show(countdown)) {
    const timer = setInterval(() => show(countdown) || clearInterval(timer), 15000);
  }
}
