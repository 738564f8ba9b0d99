"""What a bill carries, accounts that residents link, bill runs, favourites"""

import sqlalchemy as sa
from alembic import op

from backend.core.migrations import keep_rows

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
ADDED_TO_BILLS = (
    "paid_cents",
    "paid_at",
    "withdrawal_reason",
    "withdrawn_at",
    "amended_at",
    "later_on",
    "run_id",
    "version",
    "state",
    "details",
    "link_code",
    "account_number",
    "link_id",
)


def upgrade() -> None:
    with op.batch_alter_table("bills") as bills:
        bills.add_column(sa.Column("link_id", sa.String(), nullable=True))
        bills.add_column(sa.Column("account_number", sa.String(), nullable=True))
        bills.add_column(sa.Column("link_code", sa.String(), nullable=True))
        bills.add_column(sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
        bills.add_column(sa.Column("state", sa.String(), nullable=False, server_default="open"))
        bills.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        bills.add_column(sa.Column("run_id", sa.String(), nullable=True))
        bills.add_column(sa.Column("later_on", sa.Date(), nullable=True))
        bills.add_column(sa.Column("amended_at", sa.DateTime(timezone=True), nullable=True))
        bills.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        bills.add_column(sa.Column("withdrawal_reason", sa.String(), nullable=True))
        bills.add_column(sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True))
        bills.add_column(sa.Column("paid_cents", sa.BigInteger(), nullable=True))
        bills.alter_column("resident_id", existing_type=sa.String(), nullable=True)
        bills.create_check_constraint(
            op.f("ck_bills_is_for_somebody"),
            "resident_id is not null or account_number is not null",
        )
    op.drop_index(op.f("ix_bills_resident_id_due_on_id"), "bills")
    op.create_index(
        op.f("ix_bills_resident_id_state_due_on_id"),
        "bills",
        ["resident_id", "state", "due_on", "id"],
    )
    op.create_index(
        op.f("ix_bills_department_id_account_number"), "bills", ["department_id", "account_number"]
    )
    op.create_index(op.f("ix_bills_department_id_id"), "bills", ["department_id", "id"])
    op.create_index(op.f("ix_bills_run_id"), "bills", ["run_id"])
    with op.batch_alter_table("messages") as messages:
        messages.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="1"))
        messages.drop_constraint(op.f("uq_messages_kind_about_id"), type_="unique")
        messages.create_unique_constraint(
            op.f("uq_messages_kind_about_id_edition"), ["kind", "about_id", "edition"]
        )
    op.create_index(op.f("ix_messages_about_id"), "messages", ["about_id"])
    op.create_table(
        "bill_versions",
        sa.Column("bill_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bill_id"], ["bills.id"], name=op.f("fk_bill_versions_bill_id_bills")
        ),
        sa.PrimaryKeyConstraint("bill_id", "version", name=op.f("pk_bill_versions")),
    )
    op.create_table(
        "account_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("account_number", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_account_links_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_links")),
        sa.UniqueConstraint(
            "department_id",
            "account_number",
            name=op.f("uq_account_links_department_id_account_number"),
        ),
    )
    op.create_index(op.f("ix_account_links_resident_id_id"), "account_links", ["resident_id", "id"])
    op.create_table(
        "link_guesses",
        sa.Column("counted_by", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("counted_by", "place", name=op.f("pk_link_guesses")),
    )
    op.create_index(op.f("ix_link_guesses_made_at"), "link_guesses", ["made_at"])
    op.create_table(
        "calendar_feeds",
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_calendar_feeds_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feeds_token_hash")),
    )
    op.create_table(
        "bill_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("read_bytes", sa.BigInteger(), nullable=False),
        sa.Column("read_lines", sa.Integer(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("handled", sa.Integer(), nullable=False),
        sa.Column("posted", sa.Integer(), nullable=False),
        sa.Column("already_there", sa.Integer(), nullable=False),
        sa.Column("withdrawing", sa.Boolean(), nullable=False),
        sa.Column("withdrawal_reason", sa.String(), nullable=True),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("withdrawn_to", sa.String(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("problem_count", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_runs")),
    )
    op.create_index(op.f("ix_bill_runs_department_id_id"), "bill_runs", ["department_id", "id"])
    op.create_index(op.f("ix_bill_runs_state_due_at"), "bill_runs", ["state", "due_at"])
    stands = sa.text("state in ('checking', 'posting', 'paused', 'done')")
    op.create_index(
        "uq_bill_runs_standing_file",
        "bill_runs",
        ["department_id", "sha256"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
    op.create_table(
        "bill_run_marks",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["bill_runs.id"], name=op.f("fk_bill_run_marks_run_id_bill_runs")
        ),
        sa.PrimaryKeyConstraint("run_id", "after", name=op.f("pk_bill_run_marks")),
    )
    op.create_table(
        "bill_run_chunks",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["bill_runs.id"], name=op.f("fk_bill_run_chunks_run_id_bill_runs")
        ),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_bill_run_chunks")),
    )
    op.create_table(
        "favourites",
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("service_id", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_favourites_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("resident_id", "service_id", name=op.f("pk_favourites")),
    )


def downgrade() -> None:
    keep_rows("bills where resident_id is null", "bills where state <> 'open'", "account_links")
    op.drop_table("favourites")
    op.drop_table("bill_run_marks")
    op.drop_table("bill_run_chunks")
    op.drop_table("bill_runs")
    op.drop_table("calendar_feeds")
    op.drop_table("link_guesses")
    op.drop_table("account_links")
    op.drop_table("bill_versions")
    op.drop_index(op.f("ix_messages_about_id"), "messages")
    with op.batch_alter_table("messages") as messages:
        messages.drop_constraint(op.f("uq_messages_kind_about_id_edition"), type_="unique")
        messages.create_unique_constraint(op.f("uq_messages_kind_about_id"), ["kind", "about_id"])
        messages.drop_column("edition")
    for name in (
        "run_id",
        "department_id_id",
        "department_id_account_number",
        "resident_id_state_due_on_id",
    ):
        op.drop_index(op.f(f"ix_bills_{name}"), "bills")
    with op.batch_alter_table("bills") as bills:
        bills.drop_constraint(op.f("ck_bills_is_for_somebody"), type_="check")
        bills.alter_column("resident_id", existing_type=sa.String(), nullable=False)
        for name in ADDED_TO_BILLS:
            bills.drop_column(name)
    op.create_index(
        op.f("ix_bills_resident_id_due_on_id"), "bills", ["resident_id", "due_on", "id"]
    )
