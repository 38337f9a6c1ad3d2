"""The OData interface of the demo 1C: what a stock 1C publishes at /odata/standard.odata/."""
