// An invited friend leaves their details. Who invited them is in the address: /?code=… of a link that leads here.
import { type FormEvent, useId, useState } from "react";
import { ApiError, ask, config } from "./api";
import { graphql } from "./gql";

const RecordVisit = graphql(`
  mutation RecordVisit($input: RecordVisitInput!) {
    recordVisit(input: $input) { token greetingName errors { message } }
  }
`);
const Capture = graphql(`
  mutation Capture($input: CaptureReferralInput!) {
    captureReferral(input: $input) { errors { code path message } }
  }
`);

/** Counts the visit once, and keeps what credits the friend to whoever invited them. */
async function visitToken(): Promise<string> {
  const code = new URLSearchParams(location.search).get("code");
  if (!code) return "";
  const kept = sessionStorage.getItem(`visit-${code}`);
  if (kept !== null) return kept;
  const { recordVisit } = await ask(RecordVisit, { input: { code } });
  sessionStorage.setItem(`visit-${code}`, recordVisit?.token ?? "");
  return recordVisit?.token ?? "";
}

const visit = visitToken().catch(() => "");

export function ClaimForm({ heading, button, terms }: { heading: string; button: string; terms?: string }) {
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [sent, setSent] = useState(false);
  const id = useId();

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const input = {
      program: config.program,
      name: String(typed.get("name")),
      email: String(typed.get("email")),
      acceptTerms: typed.has("acceptTerms"),
      code: String(typed.get("code") ?? ""),
      token: await visit,
    };
    try {
      const { captureReferral } = await ask(Capture, { input });
      const errors = captureReferral?.errors ?? [];
      setWrong(Object.fromEntries(errors.map((error) => [error.path?.[0] ?? "", error.message])));
      setSent(errors.length === 0);
    } catch (error) {
      setWrong({ "": error instanceof ApiError ? error.message : String(error) });
    }
  }

  if (sent) return <section role="status"><h2>Thank you!</h2><p>We will be in touch.</p></section>;
  const text = (name: string, label: string, type = "text", autoComplete?: string) => (
    <p>
      <label htmlFor={id + name}>{label}</label>
      <input
        id={id + name} name={name} type={type} autoComplete={autoComplete}
        aria-invalid={name in wrong || undefined} aria-describedby={`${id}${name}-wrong`}
      />
      <span className="wrong" id={`${id}${name}-wrong`}>{wrong[name]}</span>
    </p>
  );
  return (
    <section>
      <h2>{heading}</h2>
      <form onSubmit={send} noValidate>
        <div role="alert">{wrong[""] && <p className="wrong">{wrong[""]}</p>}</div>
        {text("name", "Name", "text", "name")}
        {text("email", "E-mail", "email", "email")}
        {text("code", "Your friend’s code (if you have one)")}
        {terms && (
          <p className="box">
            <input id={`${id}terms`} name="acceptTerms" type="checkbox" aria-describedby={`${id}terms-wrong`} />
            <label htmlFor={`${id}terms`}>I accept the terms</label>
            <span className="wrong" id={`${id}terms-wrong`}>{wrong["acceptTerms"]}</span>
          </p>
        )}
        <button>{button}</button>
      </form>
    </section>
  );
}
