"""API keys: who may call the server-to-server part of the API, for which site and with which scopes."""
