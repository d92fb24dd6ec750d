// Subscriptions for GraphiQL, which knows WebSockets only: GraphQL over SSE in distinct connections.
(function () {
  "use strict";

  const isStream = (answer) => (answer.headers.get("Content-Type") || "").startsWith("text/event-stream");

  async function* events(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    try {
      while (true) {
        const { done, value } = await reader.read();
        if (done) return;
        text += value;
        const frames = text.split("\n\n");
        text = frames.pop();
        for (const frame of frames) {
          const lines = frame.split("\n");
          const event = lines.find((line) => line.startsWith("event: "))?.slice(7);
          if (event === "complete") return;
          if (event === "next") yield JSON.parse(lines.find((line) => line.startsWith("data: ")).slice(6));
        }
      }
    } finally {
      reader.cancel();
    }
  }

  /** A function that asks the address for a stream and gives each answer as it comes. */
  window.rbStream = function (address, headers) {
    return async function* (asked, options) {
      const answer = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...headers, ...options.headers },
        body: JSON.stringify(asked),
      });
      if (isStream(answer)) yield* events(answer.body);
      else yield await answer.json();
    };
  };
})();
