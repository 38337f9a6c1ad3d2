"""The bookkeeping of the demo company: simulated documents, and registers drawn from them."""
