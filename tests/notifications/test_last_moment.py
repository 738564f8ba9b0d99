"""What is asked in the last moment: whether a push is still true, still wanted, and at what hour."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.core.clock import HONG_KONG
from backend.notifications import MessageKind, call_off
from backend.notifications.models import Message
from backend.notifications.outbox.claiming import House
from backend.notifications.preferences.hours import quiet_end, resume_at
from backend.notifications.rules import WORTH_PUSHING_FOR, Condition
from tests.notifications.town import Town
from tests.simulators.desk import Desk

NIGHT = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 23:00 in Hong Kong
A_DAY = 86400


def local(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=HONG_KONG)


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        (local(21, 59), None),
        (local(22), local(8, day=24)),
        (local(23, 59), local(8, day=24)),
        (local(0, day=24), local(8, day=24)),
        (local(7, 59, day=24), local(8, day=24)),
        (local(8, day=24), None),
        (local(12, day=24), None),
    ],
)
def test_quiet_hours_go_over_midnight(moment: datetime, end: datetime | None) -> None:
    assert quiet_end(moment, "22:00", "08:00") == end
    assert quiet_end(moment.astimezone(UTC), "22:00", "08:00") == end


@pytest.mark.parametrize(
    ("moment", "end"), [(local(12, 59), None), (local(13), local(15)), (local(15), None)]
)
def test_quiet_hours_may_lie_within_a_day(moment: datetime, end: datetime | None) -> None:
    assert quiet_end(moment, "13:00", "15:00") == end


@pytest.mark.parametrize("hour", range(24))
def test_hours_that_are_alike_are_none(hour: int) -> None:
    assert quiet_end(local(hour), "09:30", "09:30") is None


def test_those_who_were_quiet_come_back_spread_over_an_hour() -> None:
    moments = [resume_at(local(8), f"res_{number}") for number in range(2000)]

    late = [(moment - local(8)).total_seconds() for moment in moments]
    assert min(late) >= 120
    assert 3600 < max(late) <= 3720
    per_minute = [sum(60 * m <= each < 60 * m + 60 for each in late) for m in range(2, 62)]
    assert max(per_minute) < 4 * 2000 / 60


def test_nobody_is_woken_and_the_push_comes_in_the_morning(town: Town, desk: Desk) -> None:
    town.now = NIGHT
    town.tell(town.resident("phone"))

    while town.now < local(8, day=24):
        town.work_off()
        assert desk.lines() == []
        town.wait(1200)
    town.wait(A_DAY / 8)
    town.work_off()

    assert desk.addresses() == ["phone"]


def test_a_batch_does_not_reach_into_the_quiet_hours(town: Town, desk: Desk) -> None:
    town.now = local(21, 59) + timedelta(seconds=55)
    town.tell(town.resident("phone"))

    town.work_off()

    assert desk.lines() == []
    assert town.states() == [("waiting", "quiet hours")]


def test_quiet_hours_cost_no_push_its_attempts(town: Town) -> None:
    town.now = NIGHT
    town.tell(town.resident("phone"))
    town.work_off()
    town.now = local(12, day=24)

    [parcel] = town.claim()

    assert parcel.claimed.attempt == 1


def test_a_clock_that_is_set_on_by_a_day_and_back_wakes_nobody(town: Town, desk: Desk) -> None:
    town.now = NIGHT
    town.tell(town.resident("phone"))
    for jump in (A_DAY, -A_DAY, 3 * 3600, -3 * 3600):
        town.work_off()
        town.wait(jump)
    town.work_off()

    assert desk.lines() == []


def test_a_resident_who_wants_no_quiet_hours_is_told_at_night(town: Town, desk: Desk) -> None:
    town.now = NIGHT
    owl = town.resident("owl")
    town.choose(owl, quiet_from="00:00", quiet_until="00:00")
    town.tell(owl, town.resident("lark"))

    town.work_off()

    assert desk.addresses() == ["owl"]


def test_what_is_urgent_goes_at_night_to_whoever_muted_and_beyond_the_days_number(
    town: Town, desk: Desk
) -> None:
    resident = town.resident("phone")
    town.mute(resident, "WSD")
    town.now = NIGHT
    for _ in range(5):
        town.tell(resident, is_urgent=True)

    town.work_off()

    assert desk.addresses() == ["phone"] * 5


def test_a_department_that_is_muted_pushes_nothing_and_others_do(town: Town, desk: Desk) -> None:
    resident = town.resident("phone")
    town.mute(resident, "WSD")
    town.tell(resident)
    [wanted] = town.tell(resident, department_id="RVD")

    town.work_off()

    assert [line["message"]["data"]["about_id"] for line in desk.lines()] == [wanted]
    assert sorted(town.states(), key=str) == [("dropped", "department muted"), ("sent", None)]


def test_three_ordinary_pushes_a_day_and_the_rest_stays_in_the_inbox(
    town: Town, desk: Desk
) -> None:
    resident = town.resident("phone", "tablet")
    for _ in range(5):
        town.tell(resident)
        town.work_off()
    town.wait(A_DAY)
    town.tell(resident)
    town.work_off()

    assert sorted(desk.addresses()) == ["phone"] * 4 + ["tablet"] * 4
    assert sum(reason == "enough for today" for _, reason in town.states()) == 4


def test_a_push_that_is_tried_again_is_counted_once(town: Town, desk: Desk) -> None:
    resident = town.resident("phone")
    town.tell(*[resident] * 3)
    desk.answer(*[{"status": 503}] * 7)

    for _ in range(8):
        town.work_off()
        town.wait(60)

    assert desk.addresses() == ["phone"] * 3


def test_a_day_ends_at_midnight_in_hong_kong(town: Town, desk: Desk) -> None:
    owl = town.resident("owl")
    town.choose(owl, quiet_from="00:00", quiet_until="00:00")
    town.now = local(23, 58)
    town.tell(owl, owl, owl, owl)
    town.work_off()
    town.now = local(0, 1, day=24)
    town.tell(owl)
    town.work_off()

    assert desk.addresses() == ["owl"] * 4


def test_a_push_of_what_is_no_longer_so_is_dropped_in_the_last_moment(
    town: Town, desk: Desk
) -> None:
    bills = town.tell(town.resident("pays"), town.resident("owes"))
    asked = []

    def owed(_db: Session, about_ids: Collection[str]) -> Collection[str]:
        asked.append(set(about_ids))
        return {bills[1]}

    town.house = House(holds={Condition.BILL_IS_OWED: owed}, per_second=1e6)

    town.work_off()

    assert asked == [set(bills)]
    assert desk.addresses() == ["owes"]
    assert sorted(town.states()) == [("dropped", "no longer so"), ("sent", None)]


def test_news_of_money_is_true_whatever_became_of_the_bill(town: Town, desk: Desk) -> None:
    town.tell(town.resident("phone"), kind=MessageKind.BILL_WITHDRAWN)
    town.house = House(holds={Condition.BILL_IS_OWED: lambda _db, _ids: ()}, per_second=1e6)

    town.work_off()

    assert desk.addresses() == ["phone"]


def test_what_was_called_off_or_replaced_is_not_pushed(town: Town, desk: Desk) -> None:
    called_off, replaced = town.tell(town.resident("phone"), town.resident("tablet"))
    with town.database.transaction() as db:
        call_off(db, called_off, town.now)
        newer = update(Message).where(Message.about_id == replaced).values(replaced_by="msg_2")
        db.execute(newer)

    town.work_off()

    assert desk.lines() == []
    assert town.states() == [("dropped", "no longer so")] * 2


def test_a_push_that_waited_too_long_is_dropped_and_its_message_stays(
    town: Town, desk: Desk
) -> None:
    town.tell(town.resident("phone"))
    town.wait(WORTH_PUSHING_FOR[MessageKind.BILL_NEW].total_seconds() + 1)

    town.work_off()

    assert desk.lines() == []
    assert town.states() == [("dropped", "too old")]


def test_a_push_lives_at_fcm_for_as_long_as_it_is_worth_showing(town: Town, desk: Desk) -> None:
    town.tell(town.resident("phone"))
    town.wait(A_DAY)

    town.work_off()

    [line] = desk.accepted()
    assert line["message"]["android"]["ttl"] == f"{6 * A_DAY}s"


@pytest.mark.parametrize("is_discreet", [False, True])
def test_details_stand_on_the_screen_of_whoever_asked_and_never_of_a_discreet_sender(
    town: Town, desk: Desk, is_discreet: bool
) -> None:
    resident = town.resident("phone")
    town.choose(resident, shows_details=True)
    town.house = House(
        name_of=lambda id_, _language: f"Department {id_}",
        is_discreet=lambda _id: is_discreet,
        per_second=1e6,
    )
    town.tell(resident)

    town.work_off()

    [line] = desk.accepted()
    shown = line["message"]["notification"]
    if is_discreet:
        assert shown["title"] == "New bill"
        assert "418.50" not in shown["body"]
    else:
        assert shown["title"] == "New bill from Department WSD"
        assert shown["body"].startswith("HK$418.50 is due on 2026-12-20. Check code ")


def test_a_message_that_cannot_be_put_into_words_takes_no_other_with_it(
    town: Town, desk: Desk
) -> None:
    poisoned, _ = town.resident("poisoned"), town.resident("fine")
    town.choose(poisoned, shows_details=True)
    bills = town.tell(poisoned)
    with town.database.transaction() as db:
        db.execute(update(Message).where(Message.about_id == bills[0]).values(facts={}))
    town.tell(town.resident("other"))

    town.work_off()

    assert desk.addresses() == ["other"]
    assert ("failed", "cannot be put into words: KeyError") in town.states()
