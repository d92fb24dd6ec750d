// Asks the API: one function for every operation, whose variables and data have the types that codegen has made.
import type { TypedDocumentString } from "./gql/graphql";

export interface Config {
  api: string; // the site's address of the API
  program: string; // the programme's slug
  page: string; // the path of the landing page that marketers compose
}

export const config = (await (await fetch("/config.json")).json()) as Config;

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** What went wrong, with the stable code of the API; NETWORK where there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export async function ask<Data, Variables>(
  operation: TypedDocumentString<Data, Variables>,
  variables: Variables,
  token = "",
): Promise<Data> {
  let answer: Answer<Data>;
  try {
    const response = await fetch(config.api, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ query: operation.toString(), variables }),
      credentials: "omit",
    });
    answer = (await response.json()) as Answer<Data>;
  } catch {
    throw new ApiError("NETWORK", "The shop cannot be reached at the moment. Try again later.");
  }
  // What this shop asks for is all or nothing; parts of an answer can stand beside errors, too.
  const [error] = answer.errors ?? [];
  if (error || !answer.data) throw new ApiError(error?.extensions?.code ?? "", error?.message ?? "No data.");
  return answer.data;
}
