"""Bill runs, and the bytes of their files while they are worked on."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base


class BillRun(Base):
    """One file of bills. The file is checked whole before the first of its bills is posted."""

    __tablename__ = "bill_runs"
    __table_args__ = (Index(None, "state", "due_at"), Index(None, "department_id", "id"))

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("run"), info=IMPERSONAL
    )
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    format: Mapped[str] = mapped_column(info=IMPERSONAL)
    state: Mapped[str] = mapped_column(info=IMPERSONAL)
    sha256: Mapped[str] = mapped_column(default="", info=IMPERSONAL)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0, info=IMPERSONAL)
    lines: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)  # bills in the file, once known
    total_cents: Mapped[int] = mapped_column(BigInteger, default=0, info=IMPERSONAL)
    checked: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    handled: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)  # bills passed in posting
    posted: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    already_there: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, info=PERSONAL)
    problem_count: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    due_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)  # its next turn, or its lease's end
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    settled_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)


class BillRunChunk(Base):
    """A piece of a run's file, in order; gone once the run is settled."""

    __tablename__ = "bill_run_chunks"

    run_id: Mapped[str] = mapped_column(
        ForeignKey("bill_runs.id"), primary_key=True, info=IMPERSONAL
    )
    number: Mapped[int] = mapped_column(primary_key=True, info=IMPERSONAL)
    data: Mapped[bytes] = mapped_column(LargeBinary, info=PERSONAL)
