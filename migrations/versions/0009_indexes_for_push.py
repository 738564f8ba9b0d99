"""The indexes of queues, parked pushes, check codes and reminders, made while others write"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
# name -> table, columns, and of which rows alone
NEW = {
    "ix_deliveries_queue_due_at": ("deliveries", ["queue", "due_at"], "state = 'waiting'"),
    "ix_deliveries_due_at": ("deliveries", ["due_at"], "state = 'claimed'"),
    "ix_deliveries_settled_at": ("deliveries", ["settled_at"], "state = 'failed'"),
    "ix_bills_due_on_id": ("bills", ["due_on", "id"], "state = 'open'"),
    "ix_devices_registered_at": ("devices", ["registered_at"], None),
    "uq_messages_check_code": ("messages", ["check_code"], None),
}


def upgrade() -> None:
    """Make each index without stopping those who write; one that a failed try left is made anew."""
    with op.get_context().autocommit_block():
        for name, (table, columns, rows) in NEW.items():
            _drop(name, table)
            op.create_index(
                op.f(name),
                table,
                columns,
                unique=name.startswith("uq_"),
                postgresql_concurrently=True,
                **_of(rows),
            )
        _drop("ix_deliveries_state_due_at", "deliveries")


def _drop(name: str, table: str) -> None:
    op.drop_index(op.f(name), table, if_exists=True, postgresql_concurrently=True)


def _of(rows: str | None) -> dict[str, Any]:
    if rows is None:
        return {}
    return {"sqlite_where": sa.text(rows), "postgresql_where": sa.text(rows)}


def downgrade() -> None:
    op.create_index(op.f("ix_deliveries_state_due_at"), "deliveries", ["state", "due_at"])
    for name, (table, _, _) in NEW.items():
        op.drop_index(op.f(name), table)
