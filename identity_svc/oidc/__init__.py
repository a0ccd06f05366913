"""OpenID Connect: which issuers are trusted, and whether a token is one of theirs."""
