// An app of every kind of caller, for the types alone: it is generated for and compiled, and never run.
import type { TypedDocumentString, UserErrorCode } from './gql/graphql.ts';
import { graphql } from './gql/index.ts';

declare function ask<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Data>;
declare function follow<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): AsyncIterable<Data>;

const Money = graphql(`fragment Amount on Money { amountMinor currency formatted(locale: "en-GB") }`);

const Landing = graphql(`
  query Landing($path: String!, $side: RewardSide) {
    program { id slug offers(side: $side, triggers: [SIGN_UP, SALE]) { side title value { ...Amount } } }
    leaderboard(first: 3) { places { rank name } }
    page(path: $path) {
      title
      blocks {
        __typename
        ... on Block { id blockName }
        ... on HeroBlock { heading image { alt rendition(size: WIDTH_1280) { url width height } } }
        ... on StepsBlock { steps { title text } }
        ... on FriendFormBlock { fields { kind label required } }
      }
    }
    pages(first: 5, type: LANDING) { totalCount edges { cursor node { id path title } } }
  }
`);

const Capture = graphql(`
  mutation Capture($input: CaptureReferralInput!) {
    captureReferral(input: $input) { errors { code path message } }
  }
`);

const Dashboard = graphql(`
  query Dashboard($after: String, $states: ViewerRewardFilter) {
    viewer {
      firstName
      link { url }
      standing { friends earned { ...Amount } nextMilestone { title missing } }
      milestones { friendNumber isReached }
      points { balance lots(first: 5) { edges { node { id } } } }
      rewards(first: 10, after: $after, filter: $states, orderBy: NEWEST_FIRST) {
        totalCount
        pageInfo { hasNextPage endCursor }
        edges { node { id state value { ...Amount } pendingReasons { reason until message } timeline { at } } }
      }
    }
  }
`);

const Figures = graphql(`
  query Figures($program: String!, $firstDay: Date, $sales: SaleFilter) {
    server {
      statistics(program: $program, firstDay: $firstDay) {
        firstDay
        funnel { visits friends }
        buckets(step: MONTH) { firstDay costs { ...Amount } }
      }
      sales(first: 50, filter: $sales) { edges { node { id externalId amount { ...Amount } occurredAt } } }
    }
  }
`);

const Record = graphql(`
  mutation Record($input: RecordSaleInput!) {
    recordSale(input: $input) { alreadyRecorded sale { id } rewards { state } errors { code path } }
  }
`);

const Things = graphql(`
  query Things($ids: [ID!]!) {
    nodes(ids: $ids) { __typename id ... on Reward { title } ... on Program { name } }
  }
`);

const Follow = graphql(`
  subscription Follow($after: String) {
    viewerStanding(after: $after) { cursor activities { kind occurredAt } viewer { standing { friends } } }
  }
`);

const WORDS: Partial<Record<UserErrorCode, string>> = { INVALID_EMAIL: 'Is the address right?', CONFLICT: 'Seen before' };

export async function landing(path: string): Promise<string[]> {
  const { page, program, pages } = await ask(Landing, { path, side: 'FRIEND' });
  const words = (program?.offers ?? []).map(({ title }) => title);
  for (const block of page?.blocks ?? []) {
    switch (block.__typename) {
      case 'HeroBlock':
        words.push(block.heading, block.image?.rendition?.url ?? '');
        break;
      case 'StepsBlock':
        words.push(...block.steps.map(({ title }) => title));
        break;
      case 'FriendFormBlock':
        words.push(...block.fields.map(({ label }) => label));
        break;
    }
  }
  return [...words, ...pages.edges.map(({ node }) => node.title)];
}

export async function capture(email: string): Promise<string> {
  const { captureReferral } = await ask(Capture, { input: { program: 'neighbours', email, acceptTerms: true } });
  const [error] = captureReferral?.errors ?? [];
  return error ? (WORDS[error.code] ?? error.message) : 'Thank you';
}

export async function everyReward(): Promise<number> {
  let owed = 0;
  let after: string | null | undefined;
  do {
    const { viewer } = await ask(Dashboard, { after, states: { states: ['PENDING'] } });
    for (const { node } of viewer?.rewards?.edges ?? []) owed += node.value.amountMinor;
    after = viewer?.rewards?.pageInfo.hasNextPage ? viewer.rewards.pageInfo.endCursor : null;
  } while (after);
  return owed;
}

export async function sell(externalId: string, friendEmail: string): Promise<boolean> {
  const sale = { program: 'neighbours', externalId, friendEmail, amount: '10.00', currency: 'GBP' };
  const { recordSale } = await ask(Record, { input: sale });
  const { server } = await ask(Figures, { program: 'neighbours', firstDay: '2026-01-01', sales: { program: 'neighbours' } });
  return !recordSale?.alreadyRecorded && (server?.statistics?.funnel.visits ?? 0) > 0;
}

export async function names(ids: string[]): Promise<string[]> {
  const { nodes } = await ask(Things, { ids });
  return nodes.map((node) => {
    if (node?.__typename === 'Reward') return node.title;
    return node?.__typename === 'Program' ? node.name : '';
  });
}

export async function friendsArrive(after: string | null): Promise<string> {
  for await (const { viewerStanding } of follow(Follow, { after })) {
    if ((viewerStanding.viewer.standing?.friends ?? 0) > 0) return viewerStanding.cursor;
  }
  return '';
}

// What the types forbid; tsc fails where one of these compiles.
export async function mistakes(): Promise<void> {
  // @ts-expect-error a variable is missing
  await ask(Record, {});
  // @ts-expect-error no such side
  await ask(Landing, { path: '/', side: 'NOBODY' });
  const { viewer } = await ask(Dashboard, {});
  // @ts-expect-error nobody may be signed in
  viewer.link;
  // @ts-expect-error not asked for
  viewer?.program;
}

export { Money };
