// Beside each colour a picker, and a sample that follows what is typed; without this file there is a button for it.
const button = document.querySelector("[data-rb-sample]");
const form = button?.form;
const frame = document.querySelector("iframe[name='rb-theme-sample']");
const UNWANTED = new Set(["csrfmiddlewaretoken", "site", "logo"]);
const COLOR = /^#[0-9a-f]{6}$/i;
let wait;

const show = () => {
  clearTimeout(wait);
  wait = setTimeout(() => {
    const wanted = [...new FormData(form)].filter(([name, value]) => value && !UNWANTED.has(name));
    frame.src = `${button.formAction}?${new URLSearchParams(wanted)}`;
  }, 350);
};

for (const field of document.querySelectorAll("[data-rb-color]")) {
  const picker = document.createElement("input");
  picker.type = "color";
  picker.className = "rb-theme__picker";
  picker.setAttribute("aria-label", field.labels[0]?.textContent.trim() ?? field.name);
  const follow = () => { if (COLOR.test(field.value)) picker.value = field.value; };
  picker.addEventListener("input", () => { field.value = picker.value; field.dispatchEvent(new Event("change", { bubbles: true })); });
  field.addEventListener("input", follow);
  follow();
  field.after(picker);
}
form?.addEventListener("change", show);
