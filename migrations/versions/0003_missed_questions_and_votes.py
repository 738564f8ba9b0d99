"""What the assistant did not understand, masked, and how helpful its answers were"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "missed_questions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=True),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_questions")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_missed_questions_fingerprint")),
    )
    op.create_index(op.f("ix_missed_questions_first_on"), "missed_questions", ["first_on"])
    op.create_table(
        "answer_votes",
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("helpful", sa.Integer(), nullable=False),
        sa.Column("unhelpful", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("release", "service", name=op.f("pk_answer_votes")),
    )


def downgrade() -> None:
    op.drop_table("answer_votes")
    op.drop_index(op.f("ix_missed_questions_first_on"), "missed_questions")
    op.drop_table("missed_questions")
