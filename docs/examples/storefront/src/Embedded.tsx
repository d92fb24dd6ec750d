// The same without code of one's own: the site's element, loaded from the site.
import { useEffect } from "react";
import { config } from "./api";

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "referral-share": React.DetailedHTMLProps<React.HTMLAttributes<HTMLElement>, HTMLElement> & { program: string };
    }
  }
}

export function Embedded() {
  useEffect(() => {
    const address = new URL("referral-share.js", config.api).href;
    if (document.querySelector(`script[src="${address}"]`)) return;
    document.head.append(Object.assign(document.createElement("script"), { type: "module", src: address }));
  }, []);
  return (
    <>
      <h1>Bring a neighbour</h1>
      <referral-share program={config.program}>
        <p>Your link and rewards are on <a href={new URL("/", config.api).href}>our referral site</a>.</p>
      </referral-share>
    </>
  );
}
