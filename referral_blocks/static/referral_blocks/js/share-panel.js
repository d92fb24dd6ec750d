// The share panel's buttons: hidden without this script, and each says what became of a press.

/** Puts `text` where assistive technology reads it out, also when it says the same again. */
function say(panel, text) {
  const status = panel.querySelector("[data-rb-status]");
  status.textContent = "";
  setTimeout(() => {
    status.textContent = text;
  }, 50);
}

async function copy(panel) {
  const { url, copied, failed } = panel.dataset;
  try {
    await navigator.clipboard.writeText(url);
    say(panel, copied);
  } catch (error) {
    const field = panel.querySelector("[data-rb-url]");
    field.focus();
    field.select();
    say(panel, failed);
    console.warn("referral_blocks: copying failed", error);
  }
}

async function share(panel) {
  const { url, title, text, notShared } = panel.dataset;
  try {
    await navigator.share({ url, title, text });
  } catch (error) {
    // AbortError: the visitor has closed the share sheet, which is no failure.
    if (error.name === "AbortError") return;
    say(panel, notShared);
    console.warn("referral_blocks: sharing failed", error);
  }
}

for (const panel of document.querySelectorAll("[data-rb-share]")) {
  const copyButton = panel.querySelector("[data-rb-copy]");
  copyButton.hidden = false;
  copyButton.addEventListener("click", () => copy(panel));
  const shareButton = panel.querySelector("[data-rb-native]");
  if (navigator.share) {
    shareButton.hidden = false;
    shareButton.addEventListener("click", () => share(panel));
  }
  const field = panel.querySelector("[data-rb-url]");
  field.addEventListener("focus", () => field.select());
}
