"""Guessing at an account: a few times, and then a hard stop, whoever guesses and however fast."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from backend.bills.linking.guessing import PER_ACCOUNT, PER_RESIDENT, Guess, give_back, take
from backend.bills.linking.models import LinkGuess
from backend.core.database import Database
from backend.core.limits import TooManyRequests
from tests.bills.linking.village import ACCOUNT, AMOUNT, Village
from tests.conftest import Caller
from tests.core.together import together

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
WRONG = {"amount_cents": 1}


def guess_at(database: Database, guess: Guess) -> int | None:
    """Take a place for a guess; return the seconds to wait where there is none."""
    try:
        with database.transaction() as db:
            take(db, guess)
    except TooManyRequests as refusal:
        return int(refusal.headers()["Retry-After"])
    return None


def places(database: Database) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalars(select(func.count()).select_from(LinkGuess)).one()


def by_resident(number: int = 0, account: str = ACCOUNT, at: datetime = NOON) -> Guess:
    return Guess(f"res_{number}", "WSD", account, at)


def test_after_five_wrong_guesses_the_right_answer_does_not_pass(
    village: Village, resident: Caller
) -> None:
    village.bill()
    village.bill("another")
    wrong = [village.link(resident, WRONG) for _ in range(5)]

    right = [village.link(resident), village.link(resident, account_number="another")]

    assert [each.status_code for each in wrong] == [422] * 5
    for reply in right:
        assert (reply.status_code, reply.json["code"]) == (429, "too_many_requests")
        assert 0 < int(reply.headers["Retry-After"]) <= 3600
    assert village.bills_of(resident) == []


def test_a_neighbour_is_not_held_up_by_the_guesses_of_one(
    village: Village, resident: Caller, neighbour: Caller
) -> None:
    village.bill()
    for _ in range(6):
        village.link(resident, WRONG)

    assert village.link(neighbour).status_code == 201


@pytest.mark.slow
def test_right_answers_are_not_counted(
    village: Village, database: Database, resident: Caller
) -> None:
    for number in range(7):
        village.bill(f"{number}")

    linked = [village.link(resident, account_number=f"{number}") for number in range(7)]

    assert [each.status_code for each in linked] == [201] * 7
    assert places(database) == 0


def test_a_right_answer_does_not_wipe_out_the_wrong_ones(
    village: Village, database: Database, resident: Caller
) -> None:
    village.bill()
    village.bill("other")
    for _ in range(4):
        village.link(resident, WRONG, "other")

    village.unlink(resident, village.link(resident).json["id"])

    assert village.link(resident, WRONG, "other").status_code == 422
    assert village.link(resident, AMOUNT, "other").status_code == 429


def test_ones_own_account_is_no_guess_even_past_the_stop(
    village: Village, resident: Caller
) -> None:
    village.bill()
    village.link(resident)
    for _ in range(5):
        village.link(resident, WRONG, "other")

    assert village.link(resident, WRONG).status_code == 200


def test_a_repeat_of_a_right_answer_gives_its_place_back(
    village: Village, database: Database, resident: Caller
) -> None:
    village.bill()
    link = village.link(resident, key="k").json
    village.unlink(resident, link["id"])

    again = village.link(resident, key="k")

    assert again.headers["Idempotency-Replayed"] == "true"
    assert places(database) == 0


def test_a_key_that_was_used_for_something_else_is_no_guess(
    village: Village, database: Database, resident: Caller
) -> None:
    village.bill()
    village.link(resident, key="k")

    refused = village.link(resident, WRONG, "other", key="k")

    assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
    assert places(database) == 0


def test_a_crash_is_no_guess(
    village: Village, database: Database, resident: Caller, app: Flask
) -> None:
    village.bill()
    del app.extensions["bell"]

    crashed = village.link(resident)

    assert crashed.status_code == 500
    assert places(database) == 0


@pytest.mark.slow
def test_many_guesses_at_the_same_moment_get_no_further(
    village: Village, app: Flask, resident: Caller
) -> None:
    village.bill()

    def guess(number: int) -> int:
        own = Village(app.test_client(), village.database)
        return own.link(resident, {"amount_cents": 1 + number}).status_code

    statuses = together(10, guess)

    assert sorted(statuses) == [422] * 5 + [429] * 5


def test_a_place_is_free_again_an_hour_after_it_was_taken(database: Database) -> None:
    for minute in range(5):
        guess_at(database, by_resident(at=NOON + timedelta(minutes=minute)))

    too_early = guess_at(database, by_resident(at=NOON + timedelta(minutes=59)))
    first_again = guess_at(database, by_resident(at=NOON + timedelta(minutes=60)))
    second_waits = guess_at(database, by_resident(at=NOON + timedelta(minutes=60)))

    assert (too_early, first_again, second_waits) == (60, None, 60)


def test_ten_in_a_day_close_an_account_however_many_guess(database: Database) -> None:
    spellings = [ACCOUNT, "123-456-789", "１２３４５６７８９"]
    guessed = [guess_at(database, by_resident(n, spellings[n % 3])) for n in range(10)]

    next_one = guess_at(database, by_resident(10, at=NOON + timedelta(hours=23)))
    elsewhere = guess_at(database, by_resident(11, "987654321"))
    next_day = guess_at(database, by_resident(12, at=NOON + timedelta(days=1)))

    assert guessed == [None] * 10
    assert (next_one, elsewhere, next_day) == (3600, None, None)


def test_a_refused_guess_takes_no_place_of_anybody(database: Database) -> None:
    for number in range(PER_ACCOUNT.most):
        guess_at(database, by_resident(number))
    before = places(database)

    guess_at(database, by_resident(99))

    assert places(database) == before


def test_giving_back_frees_the_own_places_alone(database: Database) -> None:
    first, second = by_resident(), by_resident(at=NOON + timedelta(seconds=1))
    for guess in (first, second):
        guess_at(database, guess)

    with database.transaction() as db:
        give_back(db, first)

    with database.transaction(read_only=True) as db:
        left = db.scalars(select(LinkGuess.made_at).distinct()).all()
    assert left == [second.made_at]


def test_old_guesses_are_swept_and_no_number_is_kept(database: Database) -> None:
    for number in range(PER_RESIDENT.most):
        guess_at(database, by_resident(account=f"{ACCOUNT}{number}"))
    with database.transaction(read_only=True) as db:
        kept = db.scalars(select(LinkGuess.counted_by)).all()

    guess_at(database, by_resident(1, at=NOON + timedelta(days=2)))

    assert not any(ACCOUNT in each for each in kept)
    assert places(database) == 2
