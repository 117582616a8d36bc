"""Runs the migrations on the connection that `crosswalk.store.migrate` hands over; there is no ini file and no other way in."""

from alembic import context

from crosswalk.store import tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=tables.metadata, render_as_batch=True, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
