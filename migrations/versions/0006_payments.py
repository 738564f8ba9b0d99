"""Payments: attempts, the bank's word, the books, receipts"""

import sqlalchemy as sa
from alembic import op

from backend.core.migrations import keep_rows

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_attempts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("bill_id", sa.String(), nullable=False),
        sa.Column("bill_version", sa.Integer(), nullable=False),
        sa.Column("bill_number", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancel_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payment_attempts_amount_is_positive")),
        sa.ForeignKeyConstraint(
            ["bill_id"], ["bills.id"], name=op.f("fk_payment_attempts_bill_id_bills")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"],
            ["residents.id"],
            name=op.f("fk_payment_attempts_resident_id_residents"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempts")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_attempts_reference")),
    )
    op.create_index(op.f("ix_payment_attempts_bill_id"), "payment_attempts", ["bill_id"])
    op.create_index(op.f("ix_payment_attempts_due_at"), "payment_attempts", ["due_at"])
    op.create_index(
        op.f("ix_payment_attempts_resident_id_id"), "payment_attempts", ["resident_id", "id"]
    )
    op.create_index(
        "uq_payment_attempts_open_bill",
        "payment_attempts",
        ["bill_id"],
        unique=True,
        sqlite_where=sa.text("state in ('created', 'pending')"),
        postgresql_where=sa.text("state in ('created', 'pending')"),
    )
    op.create_table(
        "bank_events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_bank_events_event_id")),
    )
    op.create_index(op.f("ix_bank_events_state_due_at"), "bank_events", ["state", "due_at"])
    op.create_table(
        "bank_credits",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("fps_reference", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("attempt_id", sa.String(), nullable=True),
        sa.Column("bill_id", sa.String(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("settled_cents", sa.BigInteger(), nullable=False),
        sa.Column("held_cents", sa.BigInteger(), nullable=False),
        sa.Column("hold_reason", sa.String(), nullable=True),
        sa.Column("heard_by", sa.String(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_bank_credits_amount_is_positive")),
        sa.CheckConstraint(
            "settled_cents + held_cents = amount_cents", name=op.f("ck_bank_credits_is_whole")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["payment_attempts.id"],
            name=op.f("fk_bank_credits_attempt_id_payment_attempts"),
        ),
        sa.ForeignKeyConstraint(
            ["bill_id"], ["bills.id"], name=op.f("fk_bank_credits_bill_id_bills")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_credits")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_bank_credits_transaction_id")),
    )
    op.create_index(op.f("ix_bank_credits_attempt_id"), "bank_credits", ["attempt_id"])
    op.create_index(op.f("ix_bank_credits_bill_id"), "bank_credits", ["bill_id"])
    op.create_index(op.f("ix_bank_credits_paid_on"), "bank_credits", ["paid_on"])
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("credit_id", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_by", sa.String(), nullable=True),
        sa.Column("bank_reason", sa.String(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stated_on", sa.Date(), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refunds_amount_is_positive")),
        sa.CheckConstraint(
            "approved_by is null or approved_by <> asked_by", name=op.f("ck_refunds_two_operators")
        ),
        sa.ForeignKeyConstraint(
            ["credit_id"], ["bank_credits.id"], name=op.f("fk_refunds_credit_id_bank_credits")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_credit_id"), "refunds", ["credit_id"])
    op.create_index(op.f("ix_refunds_state_due_at"), "refunds", ["state", "due_at"])
    op.create_index(
        "uq_refunds_open_credit",
        "refunds",
        ["credit_id"],
        unique=True,
        sqlite_where=sa.text("state in ('asked', 'approved')"),
        postgresql_where=sa.text("state in ('asked', 'approved')"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("business_key", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("settles_bill_id", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["settles_bill_id"], ["bills.id"], name=op.f("fk_ledger_entries_settles_bill_id_bills")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("business_key", name=op.f("uq_ledger_entries_business_key")),
        sa.UniqueConstraint("settles_bill_id", name=op.f("uq_ledger_entries_settles_bill_id")),
    )
    op.create_index(op.f("ix_ledger_entries_on_day"), "ledger_entries", ["on_day"])
    op.create_table(
        "ledger_postings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents <> 0", name=op.f("ck_ledger_postings_moves_something")),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["ledger_entries.id"],
            name=op.f("fk_ledger_postings_entry_id_ledger_entries"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_postings")),
    )
    op.create_index(op.f("ix_ledger_postings_entry_id"), "ledger_postings", ["entry_id"])
    op.create_table(
        "receipts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("bill_id", sa.String(), nullable=False),
        sa.Column("credit_id", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("department_id", sa.String(), nullable=False),
        sa.Column("bill_number", sa.String(), nullable=False),
        sa.Column("bill_kind", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("fps_reference", sa.String(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_receipts_bill_id_bills")),
        sa.ForeignKeyConstraint(
            ["credit_id"], ["bank_credits.id"], name=op.f("fk_receipts_credit_id_bank_credits")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_receipts_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("bill_id", name=op.f("uq_receipts_bill_id")),
        sa.UniqueConstraint("number", name=op.f("uq_receipts_number")),
    )
    op.create_index(op.f("ix_receipts_resident_id_id"), "receipts", ["resident_id", "id"])
    op.create_table(
        "parity_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_parity_days")),
    )
    op.create_index(op.f("ix_parity_days_due_at"), "parity_days", ["due_at"])
    op.create_table(
        "parity_sums",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("bank_count", sa.Integer(), nullable=False),
        sa.Column("bank_cents", sa.BigInteger(), nullable=False),
        sa.Column("our_count", sa.Integer(), nullable=False),
        sa.Column("our_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["day"], ["parity_days.day"], name=op.f("fk_parity_sums_day_parity_days")
        ),
        sa.PrimaryKeyConstraint("day", "currency", name=op.f("pk_parity_sums")),
    )
    op.create_table(
        "parity_findings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("bank_cents", sa.BigInteger(), nullable=True),
        sa.Column("bank_currency", sa.String(), nullable=True),
        sa.Column("our_cents", sa.BigInteger(), nullable=True),
        sa.Column("our_currency", sa.String(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parity_findings")),
        sa.UniqueConstraint(
            "day", "transaction_id", "kind", name=op.f("uq_parity_findings_day_transaction_id_kind")
        ),
    )


def downgrade() -> None:
    keep_rows("payment_attempts", "bank_credits", "receipts")
    op.drop_table("parity_findings")
    op.drop_table("parity_sums")
    op.drop_table("parity_days")
    op.drop_table("receipts")
    op.drop_table("ledger_postings")
    op.drop_table("ledger_entries")
    op.drop_table("refunds")
    op.drop_table("bank_credits")
    op.drop_table("bank_events")
    op.drop_table("payment_attempts")
