"""What answers the contract's operations: one package per kind of access to 1C."""
