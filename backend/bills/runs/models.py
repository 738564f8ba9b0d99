"""Bill runs, and the bytes of their files while they are worked on."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    Update,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.bills.models import Bill
from backend.bills.rules import BillState
from backend.bills.runs.rules import (
    RECEIVING_FOR,
    STANDING,
    UNFINISHED,
    WORKED_ON,
    RunState,
)
from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base

_STANDS = text(f"state in ({', '.join(repr(str(state)) for state in STANDING)})")


class BillRun(Base):
    """One file of bills. The file is checked whole before the first of its bills is posted."""

    __tablename__ = "bill_runs"
    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "department_id", "id"),
        Index(
            "uq_bill_runs_standing_file",
            "department_id",
            "sha256",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("run"), info=IMPERSONAL
    )
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    started_by: Mapped[str | None] = mapped_column(info=IMPERSONAL)  # a client; none: a command
    push_over_minutes: Mapped[int] = mapped_column(default=0, server_default="0", info=IMPERSONAL)
    format: Mapped[str] = mapped_column(info=IMPERSONAL)
    state: Mapped[str] = mapped_column(info=IMPERSONAL)
    sha256: Mapped[str] = mapped_column(default="", info=IMPERSONAL)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0, info=IMPERSONAL)
    lines: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)  # bills in the file, once known
    total_cents: Mapped[int] = mapped_column(BigInteger, default=0, info=IMPERSONAL)
    read_bytes: Mapped[int] = mapped_column(BigInteger, default=0, info=IMPERSONAL)  # so far
    read_lines: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)  # of the text, so far
    turns: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)  # of workers: the fence
    checked: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    handled: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)  # bills passed in posting
    posted: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    already_there: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    withdrawing: Mapped[bool] = mapped_column(default=False, info=IMPERSONAL)
    withdrawal_reason: Mapped[str | None] = mapped_column(info=PERSONAL)
    withdrawn: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    withdrawn_to: Mapped[str] = mapped_column(default="", info=IMPERSONAL)  # the last bill seen
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


class BillRunMarks(Base):
    """Eight bytes of each bill number of one batch of a file, to find what stands in it twice."""

    __tablename__ = "bill_run_marks"

    run_id: Mapped[str] = mapped_column(
        ForeignKey("bill_runs.id"), primary_key=True, info=IMPERSONAL
    )
    after: Mapped[int] = mapped_column(primary_key=True, info=IMPERSONAL)  # so many bills before
    data: Mapped[bytes] = mapped_column(LargeBinary, info=PERSONAL)


def run_of(department_id: str, run_id: str) -> Select[BillRun]:
    """One run of this department; another's is not found."""
    return select(BillRun).where(BillRun.id == run_id, BillRun.department_id == department_id)


def run_with(run_id: str) -> Select[BillRun]:
    """The run with this id, whoever's: for workers and operators."""
    return select(BillRun).where(BillRun.id == run_id)


def runs_of(department_id: str | None, before_id: str | None, limit: int) -> Select[BillRun]:
    """A department's runs, or all, the newest first, older than `before_id`."""
    runs = select(BillRun).order_by(BillRun.id.desc()).limit(limit)
    if department_id is not None:
        runs = runs.where(BillRun.department_id == department_id)
    return runs if before_id is None else runs.where(BillRun.id < before_id)


def standing_run(department_id: str, sha256: str) -> Select[BillRun]:
    """The run of a department's very file, unless it was refused or cancelled."""
    return select(BillRun).where(
        BillRun.department_id == department_id,
        BillRun.sha256 == sha256,
        BillRun.state.in_(STANDING),
    )


def unfinished_runs(department_id: str, now: datetime) -> Select[int]:
    """How many runs of a department are under way, files that still arrive included."""
    arriving = (BillRun.state == RunState.RECEIVING) & (BillRun.created_at > now - RECEIVING_FOR)
    return select(func.count()).where(
        BillRun.department_id == department_id, or_(BillRun.state.in_(UNFINISHED), arriving)
    )


def _has_work() -> Any:
    left_over = (BillRun.state == RunState.CANCELLED) & BillRun.settled_at.is_(None)
    return or_(BillRun.state.in_((*WORKED_ON, RunState.RECEIVING)), left_over)


def run_due(now: datetime, run_id: str | None = None) -> Select[BillRun]:
    """The run whose turn came first, or this one; what another worker takes just now is left."""
    due = select(BillRun).where(_has_work(), BillRun.due_at <= now).order_by(BillRun.due_at)
    if run_id is not None:
        due = due.where(BillRun.id == run_id)
    return due.limit(1).with_for_update(skip_locked=True)


def next_run_due() -> Select[datetime | None]:
    """When the next run has its turn, None where none has anything to do."""
    return select(func.min(BillRun.due_at)).where(_has_work())


def run_in_turn(run_id: str, turn: int) -> Select[BillRun]:
    """The run, its row locked, unless another worker has taken it over since this turn."""
    return run_with(run_id).where(BillRun.turns == turn).with_for_update()


def end_of_turn(run_id: str, turn: int, due_at: datetime) -> Update:
    """Give a run back for its next turn, unless another worker has taken it over."""
    return update(BillRun).where(BillRun.id == run_id, BillRun.turns == turn).values(due_at=due_at)


def piece_of(run_id: str, number: int) -> Select[bytes]:
    """One piece of a run's file."""
    return select(BillRunChunk.data).where(
        BillRunChunk.run_id == run_id, BillRunChunk.number == number
    )


def marks_of(run_id: str) -> Select[bytes]:
    """What was noted of a run's bill numbers."""
    return select(BillRunMarks.data).where(BillRunMarks.run_id == run_id)


def bills_to_take_back(run: BillRun, most: int) -> Select[Bill]:
    """Open bills that a run posted and that were not looked at yet, their rows locked."""
    return (
        select(Bill)
        .where(Bill.run_id == run.id, Bill.id > run.withdrawn_to, Bill.state == BillState.OPEN)
        .order_by(Bill.id)
        .limit(most)
        .with_for_update()
    )
