"""The authorization server and the authentication of access tokens, without HTTP."""
