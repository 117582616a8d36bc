"""The REST API: one module for each resource; `docs/explanation/console.md` says how to add a route."""
