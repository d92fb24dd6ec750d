// What a referrer sees of themselves, drawn by this shop: compare Embedded.tsx, where the site's element does it.
import { type FormEvent, useState } from "react";
import { ApiError, ask, config } from "./api";
import { graphql } from "./gql";
import type { DashboardQuery } from "./gql/graphql";
import { accessToken, signOut } from "./session";
import { useAnswer } from "./useAnswer";

const Dashboard_ = graphql(`
  query Dashboard($program: String!, $after: String) {
    viewer(program: $program) {
      firstName
      link { code url }
      standing {
        visits friends qualified
        pending { formatted(locale: "en-GB") }
        earned { formatted(locale: "en-GB") }
        nextMilestone { friendNumber title missing }
      }
      rewards(first: 10, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        edges { node { id title state value { formatted(locale: "en-GB") } pendingReasons { message until } } }
      }
    }
  }
`);
const AskForLink = graphql(`
  mutation AskForLink($input: RequestLoginLinkInput!) {
    requestLoginLink(input: $input) { ok errors { message } }
  }
`);

const load = async () => ask(Dashboard_, { program: config.program }, await accessToken());

export function Dashboard() {
  const { data, error, again } = useAnswer(load);
  if (error?.code === "UNAUTHENTICATED") return <SignIn />;
  if (error) return <p role="alert">{error.message} <button onClick={again}>Try again</button></p>;
  if (!data) return <p role="status">Loading…</p>;
  if (!data.viewer) return <SignIn />;
  return <Shown viewer={data.viewer} onSignOut={() => void signOut().finally(again)} />;
}

type Viewer = NonNullable<DashboardQuery["viewer"]>;

function Shown({ viewer, onSignOut }: { viewer: Viewer; onSignOut: () => void }) {
  const { standing, rewards } = viewer;
  const figures = standing && {
    Visits: standing.visits,
    Friends: standing.friends,
    Customers: standing.qualified,
    "On its way": standing.pending.formatted,
    Received: standing.earned.formatted,
  };
  return (
    <>
      <h1>Hello{viewer.firstName && ` ${viewer.firstName}`}</h1>
      <p>Your link: <a href={viewer.link.url}>{viewer.link.url}</a></p>
      {figures && (
        <dl className="figures">
          {Object.entries(figures).map(([name, value]) => (
            <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
          ))}
        </dl>
      )}
      {standing?.nextMilestone && (
        <p>{standing.nextMilestone.missing} to go until: <strong>{standing.nextMilestone.title}</strong></p>
      )}
      <h2>Rewards ({rewards?.totalCount ?? 0})</h2>
      <ul className="rows">
        {rewards?.edges.map(({ node }) => (
          <li key={node.id}>
            <strong>{node.title}</strong> {node.value.formatted} <em>{node.state.toLowerCase().replace("_", " ")}</em>
            {node.pendingReasons.map((reason) => <p key={reason.message}>{reason.message}</p>)}
          </li>
        ))}
      </ul>
      <button onClick={onSignOut}>Sign out</button>
    </>
  );
}

function SignIn() {
  const [said, setSaid] = useState("");
  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const email = String(new FormData(event.currentTarget).get("email"));
    const returnTo = `${location.origin}/dashboard`;
    try {
      const { requestLoginLink } = await ask(AskForLink, { input: { program: config.program, email, returnTo } });
      const [error] = requestLoginLink?.errors ?? [];
      setSaid(error?.message ?? "If this address has joined, a sign-in link is on its way.");
    } catch (error) {
      setSaid(error instanceof ApiError ? error.message : String(error));
    }
  }
  return (
    <>
      <h1>Sign in</h1>
      <form onSubmit={send} noValidate>
        <p><label htmlFor="email">E-mail</label><input id="email" name="email" type="email" autoComplete="email" /></p>
        <button>Mail me a sign-in link</button>
      </form>
      <p role="status">{said}</p>
    </>
  );
}
