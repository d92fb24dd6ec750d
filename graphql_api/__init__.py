"""The GraphQL API: the same nouns as the plugin; every mutation calls the flow of the same name."""
