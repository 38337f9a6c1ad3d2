"""Who calls: the caller and its scopes, the call's context, signed values."""
