"""The SQLite database: schema, audit records, queries of the audit."""
