// Mounts GraphiQL on the address that the page names, with the CSRF token that it gives to staff. Headers are not kept:
// they may hold an API key.
(function () {
  "use strict";

  const place = document.getElementById("graphiql");
  const token = place.dataset.csrfToken;
  const fetcher = window.GraphiQL.createFetcher({
    url: place.dataset.endpoint,
    headers: token ? { "X-CSRFToken": token } : {},
  });
  const editor = window.React.createElement(window.GraphiQL, {
    fetcher,
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false,
  });
  window.ReactDOM.createRoot(place).render(editor);
})();
