// Makes elements without markup in strings, so that nothing that a page or a person says can become markup, and pages
// with Trusted Types need no policy.

const SVG = "http://www.w3.org/2000/svg";
let numbered = 0;

/** An element: `on…` are listeners, true and false set and leave out an attribute, `value` and the like are set too. */
function h(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  if (given.class) made.setAttribute("part", given.class); // so that a page can style it
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat(2).filter((child) => child != null && child !== false));
  return made;
}

/** An id that nothing else in the page has. */
function newId() {
  numbered += 1;
  return `referral-share-${numbered}`;
}

function icon(shapes) {
  const drawn = document.createElementNS(SVG, "svg");
  const look = { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(look)) drawn.setAttribute(name, value);
  for (const [tag, attributes] of shapes) {
    const shape = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    drawn.append(shape);
  }
  return drawn;
}

/** `text` with “%(name)s” filled in. */
function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_whole, name) => values[name]);
}

function button(kind, text, onclick, more = {}) {
  return h("button", { type: "button", class: `button ${kind}`, onclick, ...more }, text);
}

function notice(text, kind = "") {
  return h("p", { class: `notice ${kind}` }, text);
}
