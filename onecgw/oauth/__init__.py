"""Who is calling, and what they may do: the authorization server, without HTTP."""
