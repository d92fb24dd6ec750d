// Joining, and asking for a sign-in link.

/** A form that says what is wrong beside each field. `send` gets the values and returns the API's errors. */
function form({ words, fields, submit, send }) {
  const alert = h("div", { role: "alert" });
  const go = h("button", { class: "button primary" }, submit);
  const rows = fields.map((field) => ({ ...field, ...row(words, field) }));
  const show = (wrong) => {
    for (const { name, input, say } of rows) {
      say(wrong[name] ?? "");
      if (wrong[name]) Object.assign(wrong, { first: wrong.first ?? input });
    }
    alert.replaceChildren(...(wrong[""] ? [notice(wrong[""], "bad")] : []));
    wrong.first?.focus();
  };
  const onsubmit = async (event) => {
    event.preventDefault();
    if (go.getAttribute("aria-disabled")) return;
    const values = Object.fromEntries(rows.map(({ name, read }) => [name, read()]));
    const missing = rows.filter(({ name, missing }) => missing && !values[name]);
    show(Object.fromEntries(missing.map(({ name, missing }) => [name, missing])));
    if (missing.length) return;
    go.setAttribute("aria-disabled", "true");
    go.textContent = words.sending;
    try {
      show(byField(await send(values), rows));
    } catch (trouble) {
      show({ "": words[trouble.kind] ?? words.offline });
    } finally {
      go.removeAttribute("aria-disabled");
      go.textContent = submit;
    }
  };
  return h("form", { novalidate: true, class: "form", onsubmit }, alert, rows.map(({ node }) => node), h("p", {}, go));
}

/** The errors' messages by field; under "" what no field is to blame for. */
function byField(errors, rows) {
  const found = {};
  for (const { path, message } of errors) {
    const name = rows.some((row) => row.name === path?.[0]) ? path[0] : "";
    found[name] = message;
  }
  return found;
}

function row(words, { name, label, type, help, more, autocomplete, value }) {
  const [id, wrongId, helpId] = [newId(), newId(), newId()];
  const wrong = h("p", { id: wrongId, class: "wrong", hidden: true });
  const input = h("input", {
    id, name, type, autocomplete, value, class: type === "checkbox" ? "check" : "input",
    dir: type === "email" && "ltr", "aria-describedby": help ? `${wrongId} ${helpId}` : wrongId,
  });
  const say = (text) => {
    wrong.textContent = text;
    wrong.hidden = !text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  const read = () => (type === "checkbox" ? input.checked : input.value.trim());
  const node = h("div", { class: type === "checkbox" ? "field box" : "field" },
    type === "checkbox" && input, h("label", { for: id }, label), help && h("p", { id: helpId, class: "help" }, help),
    wrong, type !== "checkbox" && input, more);
  return { node, input, say, read };
}

function joinForm({ words, program, email, send }) {
  const terms = program.terms && h("details", {}, h("summary", {}, words.readTerms),
    program.terms.text.split(/\n\s*\n/).map((text) => h("p", { class: "terms" }, text)));
  return form({
    words, submit: words.join, send,
    fields: [
      { name: "name", label: words.name, type: "text", autocomplete: "name", missing: words.nameMissing },
      { name: "email", label: words.email, type: "email", autocomplete: "email", missing: words.emailMissing, value: email },
      { name: "greetingConsent", label: words.greeting, help: words.greetingHelp, type: "checkbox" },
      ...(terms
        ? [{ name: "acceptTerms", label: words.acceptTerms, type: "checkbox", missing: words.termsMissing, more: terms }]
        : []),
    ],
  });
}

function signInForm({ words, send }) {
  return form({
    words, submit: words.mailMe, send,
    fields: [{ name: "email", label: words.email, type: "email", autocomplete: "email", missing: words.emailMissing }],
  });
}

/** What both sides get, in the words of the programme's rules; the first rule of each. */
function offers(words, program) {
  const first = (side) => program.offers.find((offer) => offer.side === side);
  const side = (text, offer) => offer && h("div", { class: "offer" }, h("dt", {}, text), h("dd", {}, h("bdi", {}, offer.title)));
  const sides = [side(words.youGet, first("REFERRER")), side(words.friendGets, first("FRIEND"))];
  return sides.some(Boolean) && h("dl", { class: "offers" }, sides);
}
