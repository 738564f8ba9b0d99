"""The runs of pushes, each with exact counts of what became of them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Index, Select, Update, case, select, update
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import IMPERSONAL, Base
from backend.notifications.runs.rules import OVER, STOPPED, UNDER_WAY, PushRunState, takes_two


class PushRun(Base):
    """The pushes of one bill run, under the same id.

    Counts are changed in the commit that settles the pushes, so they are exact at any moment.
    """

    __tablename__ = "push_runs"
    __table_args__ = (Index(None, "department_id", "id"), Index(None, "state"))

    id: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    state: Mapped[str] = mapped_column(default=PushRunState.GOING, info=IMPERSONAL)
    bills: Mapped[int] = mapped_column(info=IMPERSONAL)  # in the file
    over_minutes: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    started_by: Mapped[str] = mapped_column(info=IMPERSONAL)
    approved_by: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    approved_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    starts_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    is_whole: Mapped[bool] = mapped_column(default=False, info=IMPERSONAL)  # all is posted
    planned: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    sent: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    failed: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    dropped: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    settled_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)

    @property
    def waiting(self) -> int:
        """How many pushes are not settled; those that a worker has in hand are among them."""
        return self.planned - self.sent - self.failed - self.dropped

    @property
    def needs_approval(self) -> bool:
        """Whether a second person is still to let them go."""
        is_over = PushRunState(self.state) in OVER
        return takes_two(self.bills) and self.approved_by is None and not is_over

    def may_go(self, now: datetime) -> bool:
        """Say whether whoever must has let them go, and their start has come."""
        return not self.needs_approval and self.starts_at <= now


def push_run_of(department_id: str, run_id: str) -> Select[PushRun]:
    """The pushes of one run of this department; another's are not found."""
    return push_run_with(run_id).where(PushRun.department_id == department_id)


def push_run_with(run_id: str) -> Select[PushRun]:
    """The pushes of this run, whoever's: for workers and operators."""
    return select(PushRun).where(PushRun.id == run_id)


def newest_push_runs(department_id: str | None, limit: int) -> Select[PushRun]:
    """The last runs of a department, or of all, the newest first."""
    runs = select(PushRun).order_by(PushRun.id.desc()).limit(limit)
    return runs if department_id is None else runs.where(PushRun.department_id == department_id)


def unsettled_push_runs() -> Select[PushRun]:
    """Runs of which something is still to go, to be posted or to be dropped."""
    unsettled = (*UNDER_WAY, PushRunState.CANCELLED)
    open_runs = PushRun.state.in_(unsettled) & PushRun.settled_at.is_(None)
    return select(PushRun).where(open_runs).order_by(PushRun.id)


def stopped_runs() -> Select[str]:
    """Ids of the runs whose pushes must not go."""
    return select(PushRun.id).where(PushRun.state.in_(STOPPED), PushRun.settled_at.is_(None))


def more_of(run_id: str, counts: Mapping[str, int]) -> Update:
    """Add to a run's counts; `counts` by the name of the column."""
    columns = {name: getattr(PushRun, name) + more for name, more in counts.items()}
    return update(PushRun).where(PushRun.id == run_id).values(columns)


def go_on(run_id: str) -> Update:
    """Open a run again, as some of its pushes are wanted again.

    One that was done goes on. One that was cancelled stays so: a stop is for good, and the sweep
    drops them.
    """
    settled = (PushRun.id == run_id, PushRun.settled_at.is_not(None))
    state = case((PushRun.state == PushRunState.DONE, PushRunState.GOING), else_=PushRun.state)
    return update(PushRun).where(*settled).values(state=state, settled_at=None)
