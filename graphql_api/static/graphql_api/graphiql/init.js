// Mounts GraphiQL on the address that the page names, with the CSRF token that it gives to staff. Headers are not kept:
// they may hold an API key.
(function () {
  "use strict";

  const place = document.getElementById("graphiql");
  const { endpoint, stream, csrfToken } = place.dataset;
  const headers = csrfToken ? { "X-CSRFToken": csrfToken } : {};
  const ask = window.GraphiQL.createFetcher({ url: endpoint, headers });
  const follow = window.rbStream(stream, headers);

  function isSubscription(asked, { documentAST }) {
    const operations = (documentAST ? documentAST.definitions : []).filter((d) => d.kind === "OperationDefinition");
    const chosen = operations.find((d) => !asked.operationName || (d.name && d.name.value === asked.operationName));
    return Boolean(chosen) && chosen.operation === "subscription";
  }

  const examples = window.rbExamples(document.getElementById("examples"));
  const editor = window.React.createElement(window.GraphiQL, {
    fetcher: (asked, options = {}) => (isSubscription(asked, options) ? follow(asked, options) : ask(asked, options)),
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false,
    plugins: examples ? [examples] : [],
  });
  window.ReactDOM.createRoot(place).render(editor);
})();
