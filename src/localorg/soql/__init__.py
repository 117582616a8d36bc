"""SOQL: tokens, tree, parser, compiler to SQLite."""
