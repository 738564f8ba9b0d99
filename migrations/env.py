"""Alembic's entry: migrations run on the connection that `core.migrations` hands in."""

from alembic import context

from backend.app import TABLES
from backend.core.database import UtcDateTime


def render_item(_kind: str, item: object, _context: object) -> str | bool:
    """Write our own column types by what the database has, so that a migration stands alone."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=TABLES,
    render_as_batch=True,
    render_item=render_item,
    transactional_ddl=True,
    transaction_per_migration=context.config.attributes["forward"],
)
with context.begin_transaction():
    context.run_migrations()
