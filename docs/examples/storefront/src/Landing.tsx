// A landing page as marketers compose it in Wagtail: each block is drawn by a component of this shop.
import { ask, config } from "./api";
import { ClaimForm } from "./ClaimForm";
import { graphql } from "./gql";
import type { LandingQuery } from "./gql/graphql";
import { useAnswer } from "./useAnswer";

const Landing_ = graphql(`
  query Landing($path: String!) {
    page(path: $path) {
      title
      blocks {
        __typename
        ... on Block { id }
        ... on HeroBlock { heading text offers { side title } }
        ... on StepsBlock { heading steps { title text } }
        ... on FaqBlock { heading questions { question answer } }
        ... on FriendFormBlock { heading button program { slug isOpen terms { text } } }
      }
    }
  }
`);

type Block = NonNullable<LandingQuery["page"]>["blocks"][number];

const load = () => ask(Landing_, { path: config.page });

export function Landing() {
  const { data, error } = useAnswer(load);
  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return <p role="status">Loading…</p>;
  if (!data.page) return <p>There is no page {config.page} on the site.</p>;
  return <>{data.page.blocks.map((block, at) => <Drawn key={at} block={block} />)}</>;
}

/** A block that this shop does not know is left out, and so is one that the site would not show. */
function Drawn({ block }: { block: Block }) {
  switch (block.__typename) {
    case "HeroBlock":
      return (
        <section className="hero">
          <h1>{block.heading}</h1>
          <p>{block.text}</p>
          <ul className="offers">
            {block.offers.map((offer) => (
              <li key={offer.side + offer.title}>
                <span>{offer.side === "FRIEND" ? "You get" : "Your friend gets"}</span> <strong>{offer.title}</strong>
              </li>
            ))}
          </ul>
        </section>
      );
    case "StepsBlock":
      return (
        <section>
          <h2>{block.heading}</h2>
          <ol className="steps">
            {block.steps.map((step) => (
              <li key={step.title}>
                <h3>{step.title}</h3>
                <p>{step.text}</p>
              </li>
            ))}
          </ol>
        </section>
      );
    case "FaqBlock":
      return (
        <section>
          <h2>{block.heading}</h2>
          {block.questions.map(({ question, answer }) => (
            <details key={question}>
              <summary>{question}</summary>
              <p>{answer}</p>
            </details>
          ))}
        </section>
      );
    case "FriendFormBlock":
      return block.program?.isOpen ? (
        <ClaimForm heading={block.heading} button={block.button} terms={block.program.terms?.text} />
      ) : null;
    default:
      return null;
  }
}
