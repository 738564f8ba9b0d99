"""Departments' events are kept for as long as a department may want them again, and no longer."""

import pytest

from backend.departments.webhooks import forgetting
from backend.departments.webhooks.forgetting import forget_events
from backend.departments.webhooks.rules import KEPT_FOR, EventNotFound, TellingState
from tests.core.together import together
from tests.departments.webhooks.office import Office

DAY = 86_400


def kept(office: Office) -> set[str]:
    """Return the ids of all events that are still there."""
    with office.database.transaction(read_only=True) as db:
        rows = db.connection().exec_driver_sql("select id from department_events")
        return {row[0] for row in rows}


def forget(office: Office) -> None:
    forget_events(office.database, office.clock)


def test_a_told_event_is_kept_for_thirty_five_days_after_it_was_told(office: Office) -> None:
    office.listen()
    [event] = office.tell()
    office.work_off()
    assert office.event(event).state == TellingState.TOLD

    office.wait(35 * DAY)
    forget(office)
    assert kept(office) == {event}

    office.wait(1)
    forget(office)
    assert kept(office) == set()
    with pytest.raises(EventNotFound):
        office.replay(event)


def test_what_was_given_up_or_never_heard_goes_likewise(office: Office) -> None:
    [unheard] = office.tell("RVD")
    office.listen()
    office.receiver.script["/hook"] = [{"status": 410}]
    [failed] = office.tell()
    office.work_off()
    assert office.event(unheard).state == TellingState.UNHEARD
    assert office.event(failed).state == TellingState.FAILED

    office.wait(KEPT_FOR.total_seconds() + 1)
    forget(office)

    assert kept(office) == set()


def test_what_waits_is_kept_however_old_it_is(office: Office) -> None:
    office.listen()
    [event] = office.tell()

    office.wait(400 * DAY)
    forget(office)

    assert office.event(event).state == TellingState.WAITING


def test_an_event_that_is_told_again_is_kept_anew(office: Office) -> None:
    office.listen()
    [event] = office.tell()
    office.work_off()
    office.wait(30 * DAY)
    office.replay(event)
    forget(office)
    office.work_off()

    office.wait(34 * DAY)
    forget(office)

    assert kept(office) == {event}


def test_more_than_one_batch_goes_and_rivals_do_no_harm(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 3)
    office.tell("RVD", count=11)
    office.work_off()
    office.wait(KEPT_FOR.total_seconds() + 1)
    [young] = office.tell("RVD")

    together(3, lambda _number: forget(office))

    assert kept(office) == {young}
