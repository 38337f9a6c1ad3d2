"""A stock 1C answers the contract through its standard OData interface, read only."""
