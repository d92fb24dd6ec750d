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

  /** The editors' fields take the names of the regions they stand in; GraphiQL gives them none. */
  function nameFields() {
    for (const field of place.querySelectorAll(".CodeMirror textarea:not([aria-label])")) {
      const region = field.closest("[aria-label]");
      if (region) field.setAttribute("aria-label", region.getAttribute("aria-label"));
    }
  }

  // What stands there before anybody has typed: it runs on every site, for anybody.
  const FIRST = `{
  pages(first: 10) {
    totalCount
    edges {
      node {
        title
        path
        type
      }
    }
  }
}
`;
  const examples = window.rbExamples(document.getElementById("examples"));
  const editor = window.React.createElement(window.GraphiQL, {
    fetcher: (asked, options = {}) => (isSubscription(asked, options) ? follow(asked, options) : ask(asked, options)),
    defaultQuery: FIRST,
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false,
    plugins: examples ? [examples] : [],
    // Newcomers see where to begin, where there is room for it.
    visiblePlugin: examples && window.matchMedia("(min-width: 64rem)").matches ? examples : null,
  });
  new MutationObserver(nameFields).observe(place, { childList: true, subtree: true });
  window.ReactDOM.createRoot(place).render(editor);
})();
