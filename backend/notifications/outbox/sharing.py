"""Sharing a claim out: urgent before ordinary, each department alike, no run that was stopped."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.notifications.outbox.models import (
    first_lease_end,
    leases_run_out,
    let_go,
    one_fault_more,
    waiting_in,
    waiting_queues,
)
from backend.notifications.outbox.rules import most_together, queue_named
from backend.notifications.runs.models import stopped_runs


@dataclass(frozen=True)
class Turns:
    """The queues in which a push may go, by name, each with its first turn."""

    firsts: Sequence[tuple[str, datetime]]
    lease_end: datetime | None  # of the first claim that may run out

    def next_due(self) -> datetime | None:
        """When the next open push has its turn, None if there is none that may go."""
        moments = [due_at for _, due_at in self.firsts]
        return min([*moments, *([self.lease_end] if self.lease_end else [])], default=None)


def look(db: Session) -> Turns:
    """See which queues have something waiting that nobody has stopped."""
    stopped = set(db.scalars(stopped_runs()))
    queues = [
        (name, first)
        for name, first in db.execute(waiting_queues())
        if queue_named(name).run_id not in stopped
    ]
    return Turns(queues, db.scalar(first_lease_end()))


def pick(db: Session, now: datetime, most: int) -> list[str]:
    """Return ids of up to `most` pushes to claim, rows locked: those of dead workers first."""
    orphans = _orphans(db, now, most)
    if orphans.together is not None:
        return orphans.ids
    due = [name for name, first in look(db).firsts if first <= now]
    ids = orphans.ids
    for queue, share in _shares(due):
        left = most - len(ids)
        if left <= 0:
            break
        ids += db.scalars(waiting_in(queue, now, min(left, max(1, round(left * share)))))
    return ids


@dataclass(frozen=True)
class _Orphans:
    ids: list[str]
    together: int | None  # no others may go with them where this is not None


def _orphans(db: Session, now: datetime, most: int) -> _Orphans:
    """Take what dead workers held; what has lost several goes with few others or alone.

    What belongs to a run that was stopped meanwhile goes back to its queue.
    """
    rows = db.execute(leases_run_out(now, most)).all()
    if not rows:
        return _Orphans([], None)
    stopped = set(db.scalars(stopped_runs()))
    idle = [id_ for id_, _, queue in rows if queue_named(queue).run_id in stopped]
    if idle:
        db.execute(let_go(idle))
    lost = {id_: faults + 1 for id_, faults, _ in rows if id_ not in set(idle)}
    worst = max(lost.values(), default=0)
    together = most_together(worst)
    ids = [id_ for id_, workers in lost.items() if together is None or workers == worst]
    if ids:
        db.execute(one_fault_more(ids[:together]))
    return _Orphans(ids[:together], together)


def _shares(queues: Iterable[str]) -> Iterable[tuple[str, float]]:
    """Put queues in the order of a claim, each with its share of what is then left.

    Urgent ones before ordinary ones; in a lane each department has as much as another, and so have
    the runs of one department. Where one needs less, those behind it have more.
    """
    lanes: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in queues:
        queue = queue_named(name)
        lanes[queue.lane][queue.department_id].append(name)
    for _, departments in sorted(lanes.items()):
        names = list(departments)
        random.shuffle(names)
        for place, department in enumerate(names):
            share = 1 / (len(names) - place)
            own = departments[department]
            random.shuffle(own)
            # Of what is left, this department's share, and of that each of its queues the same.
            for number, name in enumerate(own):
                yield name, share / (len(own) - number * share)
