// Mounts GraphiQL on the address that the page names. Headers are not kept: they may hold an API key.
(function () {
  "use strict";

  const place = document.getElementById("graphiql");
  const fetcher = window.GraphiQL.createFetcher({ url: place.dataset.endpoint });
  const editor = window.React.createElement(window.GraphiQL, {
    fetcher,
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false,
  });
  window.ReactDOM.createRoot(place).render(editor);
})();
