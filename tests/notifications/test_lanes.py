"""Who goes first: urgent before ordinary, each department alike, and no run that was stopped."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.core.database import Database
from backend.notifications import Batch, MessageKind, Telling, notify_many
from backend.notifications.outbox import claiming
from backend.notifications.outbox.models import Delivery
from backend.notifications.outbox.rules import ORDINARY, URGENT, DeliveryState, Queue, queue_named
from backend.notifications.outbox.sharing import _shares, look
from backend.notifications.runs.models import PushRun
from backend.notifications.runs.rules import PushRunState
from tests.notifications.town import Town


def departments_of(town: Town) -> Counter[str]:
    """Whose pushes the next batch holds."""
    return Counter(parcel.claimed.department_id for parcel in town.claim())


def open_run(town: Town, state: PushRunState, run_id: str = "run_1") -> None:
    with town.database.transaction() as db:
        db.add(
            PushRun(
                id=run_id,
                department_id="WSD",
                state=state,
                bills=1,
                started_by="client",
                starts_at=town.now,
                created_at=town.now,
            )
        )


def tell_in_run(town: Town, residents: list[str], run_id: str = "run_1") -> None:
    batch = Batch("WSD", MessageKind.BILL_NEW, town.now, run_id=run_id)
    facts = {"amount": "1.00", "due_on": "2026-12-20"}
    tellings = [Telling(id_, f"bill_{run_id}_{n}", facts) for n, id_ in enumerate(residents)]
    with town.database.transaction() as db:
        notify_many(db, tellings, batch)


def test_a_queue_is_read_back_as_it_was_named() -> None:
    queue = Queue(URGENT, "WSD", "run_1")

    assert queue_named(queue.name) == queue
    assert Queue(URGENT).name < Queue(ORDINARY).name


@pytest.mark.slow
def test_what_is_urgent_goes_before_a_crowd_that_waits_for_longer(town: Town) -> None:
    town.tell(*town.crowd(300), department_id="RVD")
    town.wait(60)
    town.tell(town.resident("urgent"), is_urgent=True)

    with small_batches(100):
        batch = town.claim()

    assert "urgent" in [parcel.claimed.address for parcel in batch]
    assert len(batch) == 100


@pytest.mark.slow
def test_a_department_at_seven_times_the_volume_delays_another_by_twice_at_most(
    town: Town,
) -> None:
    crowd = town.crowd(800)
    town.tell(*crowd[:700], department_id="RVD")
    town.wait(1)
    town.tell(*crowd[700:], department_id="WSD")

    with small_batches(20):
        batches = [departments_of(town) for _ in range(40)]

    alone = 100 / 20
    done = next(n for n in range(1, 41) if sum(b["WSD"] for b in batches[:n]) == 100)
    assert done <= 2 * alone
    assert sum(batches, Counter()) == {"RVD": 700, "WSD": 100}


@pytest.mark.parametrize("departments", [1, 2, 3, 7])
def test_shares_of_a_claim_are_alike_by_department_and_then_by_run(departments: int) -> None:
    names = [
        Queue(ORDINARY, f"D{number}", f"run_{run}" if run else "").name
        for number in range(departments)
        for run in range(number + 1)
    ]
    random.shuffle(names)

    left, given = 1.0, Counter[str]()
    for name, share in _shares(names):
        given[queue_named(name).department_id] += left * share  # type: ignore[assignment]
        left -= left * share

    assert list(given.values()) == pytest.approx([1 / departments] * departments)


@pytest.mark.parametrize("state", [PushRunState.HELD, PushRunState.PAUSED, PushRunState.CANCELLED])
def test_nothing_of_a_run_that_is_stopped_is_claimed_and_all_else_goes(
    town: Town, state: PushRunState
) -> None:
    open_run(town, state)
    residents = town.crowd(5)
    tell_in_run(town, residents)
    town.tell(residents[0])

    batch = town.claim()

    assert [queue_named(parcel.claimed.queue).run_id for parcel in batch] == [""]
    with town.database.transaction(read_only=True) as db:
        due_at = look(db).next_due()
    assert due_at == town.now + timedelta(seconds=30)  # the lease, and nothing of the run


def test_what_a_dead_worker_held_of_a_run_that_was_stopped_goes_back_to_its_queue(
    town: Town,
) -> None:
    open_run(town, PushRunState.GOING)
    tell_in_run(town, town.crowd(3))
    town.claim()
    stop(town.database)
    town.wait(60)

    assert town.claim() == ()
    assert {state for state, _ in town.states()} == {DeliveryState.WAITING}


def stop(database: Database) -> None:
    with database.transaction() as db:
        db.execute(update(PushRun).values(state=PushRunState.PAUSED))


class small_batches:  # noqa: N801  # reads as what it does
    """Let claims be small for a while, so that sharing shows with few rows."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __enter__(self) -> None:
        self.usual, claiming.MOST_PER_BATCH = claiming.MOST_PER_BATCH, self.most

    def __exit__(self, *_: object) -> None:
        claiming.MOST_PER_BATCH = self.usual


@pytest.mark.slow
def test_pushes_that_took_three_workers_with_them_go_alone_and_the_others_are_saved(
    town: Town,
) -> None:
    town.tell(*town.crowd(40))
    sizes = []
    for _ in range(6):
        sizes.append(len(town.claim()))
        town.wait(31)

    assert sizes == [40, 40, 20, 1, 1, 1]
    with town.database.transaction(read_only=True) as db:
        assert db.query(Delivery).filter_by(state=DeliveryState.FAILED).count() == 0
