"""SQL of the authorization server; each function runs within a transaction of its caller."""
