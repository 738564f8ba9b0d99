"""The exact counts of push runs: changed in the commit that changes the pushes."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from sqlalchemy.orm import Session

from backend.notifications.outbox.rules import queue_named
from backend.notifications.runs.models import go_on, more_of


def count_for_runs(db: Session, queues: Iterable[str], column: str) -> None:
    """Add the pushes that wait in these queues, each named as often as it holds one, to a count."""
    count_all_for_runs(db, ((queue, column) for queue in queues))


def uncount_for_runs(db: Session, queues: Iterable[str], column: str) -> None:
    """Take the pushes that wait in these queues off a count again; a run that was done goes on."""
    counts = Counter(queue_named(queue).run_id for queue in queues)
    for run_id in sorted(filter(None, counts)):
        db.execute(more_of(run_id, {column: -counts[run_id]}))
        db.execute(go_on(run_id))


def count_all_for_runs(db: Session, settled: Iterable[tuple[str, str]]) -> None:
    """Add to the runs' counts: pairs of a push's queue and the name of the count.

    Runs follow in the order of their ids, as every worker takes them.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for queue, column in settled:
        counts[queue_named(queue).run_id][column] += 1
    for run_id in sorted(filter(None, counts)):
        db.execute(more_of(run_id, counts[run_id]))
