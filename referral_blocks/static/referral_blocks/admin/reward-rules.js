// A reward rule's form shows what its trigger, its kind and its way of paying ask for. What is hidden is not sent; without
// this file everything is shown, and the server says what does not fit.
(() => {
  const CHOICES = { rbTriggers: "trigger", rbKinds: "kind", rbMethods: "method" };
  const MARKED = "[data-rb-triggers], [data-rb-kinds], [data-rb-methods]";
  const RULE = /^(reward_rules-\d+)-/;

  const BOX = ".w-panel__wrapper"; // a field with its label, or a row of them

  const show = (field) => {
    const prefix = field.name.match(RULE)?.[1];
    if (!prefix) return;
    const wanted = Object.entries(CHOICES).every(([mark, name]) => {
      const choice = document.querySelector(`[name="${prefix}-${name}"]`);
      return !(mark in field.dataset) || !choice || field.dataset[mark].split(" ").includes(choice.value);
    });
    // What the server has refused stays in sight, so that its message can be read.
    const box = field.closest(BOX) ?? field.parentElement;
    const isRefused = field.getAttribute("aria-invalid") === "true";
    field.disabled = !wanted && !isRefused;
    box.hidden = field.disabled;
    const row = box.parentElement.closest(BOX);
    if (row) row.hidden = [...row.querySelectorAll(BOX)].every((one) => one.hidden);
  };

  const showAll = (root) => root.querySelectorAll(MARKED).forEach(show);

  const start = () => {
    showAll(document);
    document.addEventListener("change", (event) => {
      const prefix = event.target.name?.match(RULE)?.[1];
      if (!prefix) return;
      event.target.removeAttribute("aria-invalid");
      document.querySelectorAll(MARKED).forEach((field) => { if (field.name.startsWith(`${prefix}-`)) show(field); });
    });
    const panels = document.getElementById("id_reward_rules-FORMS");
    if (panels) new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => n.querySelectorAll && showAll(n)))).observe(panels, { childList: true });
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
