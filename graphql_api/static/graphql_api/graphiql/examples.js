// A plug-in of GraphiQL: the operations that the page lists, each opened in a tab of its own.
(function () {
  "use strict";

  const { createElement } = window.React;
  const { useEditorContext } = window.GraphiQL.React;

  function icon() {
    const line = (y) => createElement("path", { d: `M3 ${y}h10`, key: y });
    const drawing = { viewBox: "0 0 16 16", fill: "none", stroke: "currentColor", strokeWidth: 1.5, "aria-hidden": true };
    return createElement("svg", drawing, [4, 8, 12].map(line));
  }

  async function open(example, editors, say) {
    const asked = [example.document, example.given].map((address) => fetch(address));
    const answers = await Promise.all(asked);
    if (!answers.every((answer) => answer.ok)) return;
    const document = await answers[0].text();
    const { variables = {}, headers } = await answers[1].json();
    const text = (value) => (value && Object.keys(value).length ? JSON.stringify(value, null, 2) : "");
    editors.current.addTab();
    // The new tab's editors are there after the next drawing.
    setTimeout(() => {
      const { queryEditor, variableEditor, headerEditor } = editors.current;
      queryEditor.setValue(document);
      if (variableEditor) variableEditor.setValue(text(variables));
      if (headerEditor) headerEditor.setValue(text(headers));
      say();
    }, 0);
  }

  function list(title, examples, opened) {
    return function Examples() {
      const editors = window.React.useRef();
      editors.current = useEditorContext({ nonNull: true });
      const [said, setSaid] = window.React.useState("");
      const button = (example) =>
        createElement(
          "li",
          { key: example.document },
          createElement(
            "button",
            {
              type: "button",
              className: "rb-example",
              onClick: () => open(example, editors, () => setSaid(`${opened}: ${example.title}`)),
            },
            createElement("strong", null, example.title),
            createElement("span", null, example.caller),
          ),
        );
      return createElement(
        "section",
        { className: "rb-examples" },
        createElement("h2", null, title),
        createElement("ul", null, examples.map(button)),
        createElement("p", { role: "status", className: "rb-examples__said" }, said),
      );
    };
  }

  /** The plug-in for the list of the page; null where it has none. */
  window.rbExamples = function (place) {
    if (!place) return null;
    const examples = [...place.querySelectorAll("a")].map((link) => ({
      title: link.textContent.trim(),
      caller: link.dataset.caller,
      document: link.href,
      given: link.dataset.given,
    }));
    return { title: place.dataset.title, icon, content: list(place.dataset.title, examples, place.dataset.opened) };
  };
})();
