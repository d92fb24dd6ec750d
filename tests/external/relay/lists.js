// Lists in pages as Relay's compiler wants them: on a root field, under a referrer, and by an object's id.
import { graphql } from 'relay-runtime';

graphql`
  query listsPagesQuery($count: Int!, $cursor: String) {
    ...lists_pages @arguments(count: $count, cursor: $cursor)
  }
`;

graphql`
  fragment lists_pages on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "listsPagesPaginationQuery") {
    pages(first: $count, after: $cursor) @connection(key: "lists_pages_pages") {
      totalCount
      edges { node { id title } }
    }
  }
`;

graphql`
  query listsViewerQuery {
    viewer {
      rewards(first: 10) @connection(key: "Viewer_rewards") { edges { node { id title state value { formatted } } } }
      referrals(first: 10) @connection(key: "Viewer_referrals") { edges { node { id stage } } }
      links(first: 10) @connection(key: "Viewer_links") { edges { node { id code } } }
      statement(first: 10) @connection(key: "Viewer_statement") { edges { node { __typename } } }
    }
  }
`;

graphql`
  query listsFriendsQuery {
    viewer { ...lists_friends }
  }
`;

graphql`
  fragment lists_friends on Referrer
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "listsFriendsPaginationQuery") {
    referrals(first: $count, after: $cursor) @connection(key: "lists_friends_referrals") { edges { node { id } } }
  }
`;

graphql`
  query listsServerQuery($orderBy: SaleOrder!, $filter: SaleFilter) {
    server {
      sales(first: 50, orderBy: $orderBy, filter: $filter)
        @connection(key: "Server_sales", filters: ["orderBy", "filter"]) {
        edges { node { id externalId } }
      }
      payouts(first: 50) @connection(key: "Server_payouts") { edges { node { id } } }
    }
  }
`;

graphql`
  query listsImportQuery($id: ID!) {
    node(id: $id) { ...lists_import }
  }
`;

graphql`
  fragment lists_import on SaleImport
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "listsImportRowsQuery") {
    rows(first: $count, after: $cursor) @connection(key: "lists_import_rows") { edges { node { id } } }
  }
`;
