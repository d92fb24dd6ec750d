import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Dashboard } from "./Dashboard";
import { Embedded } from "./Embedded";
import { Landing } from "./Landing";
import "./style.css";

const PAGES = { "/": Landing, "/dashboard": Dashboard, "/friends": Embedded } as const;
const NAMES = { "/": "Offer", "/dashboard": "Dashboard", "/friends": "Friends" } as const;

function App() {
  const path = location.pathname as keyof typeof PAGES;
  const Shown = PAGES[path] ?? Landing;
  return (
    <>
      <header>
        <a className="brand" href="/">Bright Windows</a>
        <nav aria-label="Main">
          {(Object.keys(NAMES) as (keyof typeof NAMES)[]).map((to) => (
            <a key={to} href={to} aria-current={to === path ? "page" : undefined}>{NAMES[to]}</a>
          ))}
        </nav>
      </header>
      <main>
        <Shown />
      </main>
    </>
  );
}

createRoot(document.getElementById("app")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
