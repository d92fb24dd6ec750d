// The share panel: its buttons are hidden without this script, each says what became of a press, and each is counted.

/** Puts `text` where assistive technology reads it out, also when it says the same again. */
function say(panel, text) {
  const status = panel.querySelector("[data-rb-status]");
  status.textContent = "";
  setTimeout(() => {
    status.textContent = text;
  }, 50);
}

/** Tells the site that the link was passed on; what becomes of the message is not waited for. */
function count(address) {
  if (address) navigator.sendBeacon?.(address);
}

async function copy(panel, button) {
  const { url, copied, failed } = panel.dataset;
  try {
    await navigator.clipboard.writeText(url);
    say(panel, copied);
    count(button.dataset.rbCopy);
  } catch (error) {
    const field = panel.querySelector("[data-rb-url]");
    field.focus();
    field.select();
    say(panel, failed);
    console.warn("referral_blocks: copying failed", error);
  }
}

async function share(panel, button) {
  const { url, title, text, notShared } = panel.dataset;
  try {
    await navigator.share({ url, title, text });
    count(button.dataset.rbNative);
  } catch (error) {
    // AbortError: the visitor has closed the share sheet, which is no failure.
    if (error.name === "AbortError") return;
    say(panel, notShared);
    console.warn("referral_blocks: sharing failed", error);
  }
}

/** Lets the buttons send what is typed, as it is typed; without this script a button below the field does it. */
function followTexts(panel) {
  for (const field of panel.querySelectorAll("[data-rb-text]")) {
    field.addEventListener("input", () => {
      if (field.name === "rb_text") panel.dataset.text = field.value;
      for (const link of panel.querySelectorAll(`[data-rb-channel="${field.name}"]`)) {
        const address = new URL(link.href);
        address.searchParams.set("text", field.value);
        link.href = address.href;
      }
    });
  }
  for (const button of panel.querySelectorAll("[data-rb-apply]")) button.hidden = true;
}

for (const panel of document.querySelectorAll("[data-rb-share]")) {
  const copyButton = panel.querySelector("[data-rb-copy]");
  copyButton.hidden = false;
  copyButton.addEventListener("click", () => copy(panel, copyButton));
  const shareButton = panel.querySelector("[data-rb-native]");
  if (navigator.share) {
    shareButton.hidden = false;
    shareButton.addEventListener("click", () => share(panel, shareButton));
  }
  const field = panel.querySelector("[data-rb-url]");
  field.addEventListener("focus", () => field.select());
  followTexts(panel);
}
