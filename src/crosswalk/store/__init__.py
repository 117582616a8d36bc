"""The database: SQLite or PostgreSQL, one statement text for both."""
