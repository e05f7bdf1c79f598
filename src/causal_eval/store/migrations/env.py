"""Alembic's entry: runs migrations on the connection, and in the transaction, that it is handed."""

from __future__ import annotations

from alembic import context

from causal_eval.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
