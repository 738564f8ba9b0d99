"""Queues of pushes, push runs, what residents choose, and an inbox that is read and kept"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
ADDED_TO_MESSAGES = (
    ("check_code", sa.String()),
    ("read_at", sa.DateTime(timezone=True)),
    ("archived_at", sa.DateTime(timezone=True)),
    ("replaced_by", sa.String()),
    ("changed_at", sa.DateTime(timezone=True)),
    ("pushed_on", sa.Date()),
)


def upgrade() -> None:
    for name, kind in ADDED_TO_MESSAGES:
        op.add_column("messages", sa.Column(name, kind, nullable=True))
    op.add_column(
        "deliveries", sa.Column("queue", sa.String(), nullable=False, server_default="1::")
    )
    op.add_column(
        "deliveries", sa.Column("faults", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("bill_runs", sa.Column("started_by", sa.String(), nullable=True))
    op.add_column(
        "bill_runs",
        sa.Column("push_over_minutes", sa.Integer(), nullable=False, server_default="0"),
    )
    _what_residents_choose()
    _push_runs()
    op.create_table(
        "push_pace",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("busy_since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_pace")),
    )
    op.create_table(
        "reminder_rounds",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("after_id", sa.String(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("day", "kind", name=op.f("pk_reminder_rounds")),
    )


def _what_residents_choose() -> None:
    op.create_table(
        "push_preferences",
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("quiet_from", sa.String(), nullable=False),
        sa.Column("quiet_until", sa.String(), nullable=False),
        sa.Column("shows_details", sa.Boolean(), nullable=False),
        sa.Column("reminds_before", sa.Boolean(), nullable=False),
        sa.Column("reminds_on_day", sa.Boolean(), nullable=False),
        sa.Column("reminds_overdue", sa.Boolean(), nullable=False),
        sa.Column("tells_when_read", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["residents.id"],
            name=op.f("fk_push_preferences_resident_id_residents"),
        ),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_push_preferences")),
    )
    op.create_table(
        "muted_departments",
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("muted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["residents.id"],
            name=op.f("fk_muted_departments_resident_id_residents"),
        ),
        sa.PrimaryKeyConstraint("resident_id", "department_id", name=op.f("pk_muted_departments")),
    )


def _push_runs() -> None:
    op.create_table(
        "push_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("bills", sa.Integer(), nullable=False),
        sa.Column("over_minutes", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_runs")),
    )
    op.create_index(op.f("ix_push_runs_department_id_id"), "push_runs", ["department_id", "id"])
    op.create_index(op.f("ix_push_runs_state"), "push_runs", ["state"])


def downgrade() -> None:
    for table in (
        "reminder_rounds",
        "push_pace",
        "push_runs",
        "muted_departments",
        "push_preferences",
    ):
        op.drop_table(table)
    op.drop_column("bill_runs", "push_over_minutes")
    op.drop_column("bill_runs", "started_by")
    op.drop_column("deliveries", "faults")
    op.drop_column("deliveries", "queue")
    for name, _ in reversed(ADDED_TO_MESSAGES):
        op.drop_column("messages", name)
