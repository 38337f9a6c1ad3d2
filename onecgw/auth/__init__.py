"""Who calls: the caller and its scopes, the context of a call, signed values."""
