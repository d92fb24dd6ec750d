import type { CodegenConfig } from "@graphql-codegen/cli";

// Types of every operation in src/, from the committed schema: an operation that does not fit it fails the build.
const config: CodegenConfig = {
  schema: process.env.SCHEMA ?? "../../../graphql_api/schema.graphql",
  documents: "src/**/*.{ts,tsx}",
  ignoreNoDocuments: false,
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { Date: "string", DateTime: "string", BigInt: "number", URL: "string", EmailAddress: "string" },
      },
    },
  },
};

export default config;
