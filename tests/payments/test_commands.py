"""`ferry payments`: what an operator sees and does, as it is typed."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.cli import ferry
from backend.core import clock
from backend.core.database import Database
from backend.core.jobs import make_huey
from backend.payments.balancing import read_books
from backend.payments.callbacks.models import BankEvent
from backend.payments.models import BankCredit, LedgerEntry, LedgerPosting, Refund
from tests.payments.harbour import CENTS, Harbour
from tests.payments.parity.night import Night
from tests.payments.refunds.desk import RefundDesk

Run = Callable[..., Result]


@pytest.fixture
def desk(harbour: Harbour) -> RefundDesk:
    return RefundDesk(harbour)


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Run:
    """Type a deed of `ferry payments`."""
    environment = {
        "FERRY_STAGE": "demo",
        "FERRY_DATA_DIR": str(tmp_path),
        "FERRY_DATABASE_URL": database_url,
    }
    runner = CliRunner(env=environment)
    return lambda *words: runner.invoke(ferry, ["payments", *words])


def test_held_money_goes_back_by_two_operators(desk: RefundDesk, run: Run) -> None:
    credit = desk.held()

    held = run("held")
    asked = run("refund", credit.id, "--reason", "paid twice", "--as", "Ann")
    refund_id = asked.stdout.split(":")[0]
    alone = run("approve", refund_id, "--as", "ANN", "--yes")
    unsure = run("approve", refund_id, "--as", "Ben")
    approved = run("approve", refund_id, "--as", "Ben", "--yes")
    desk.harbour.now = max(clock.now(), desk.harbour.now)  # a command has the machine's clock
    desk.send_all()
    after = run("held")
    shown = json.loads(run("refunds", "--json").stdout)

    assert credit.id in held.stdout
    assert "HK$418.50" in held.stdout
    assert "paid_already" in held.stdout
    assert alone.exit_code == 1
    assert "another operator must" in alone.stderr
    assert unsure.exit_code == 1
    assert "--yes" in unsure.stderr
    assert approved.exit_code == 0
    assert after.stdout == "Nothing is held.\n"
    [row] = shown["items"]
    assert (row["state"], row["asked_by"], row["approved_by"]) == ("done", "ann", "ben")


def test_approval_wakes_the_worker(desk: RefundDesk, run: Run, tmp_path: Path) -> None:
    refund_id = desk.ask(desk.held())

    refused = run("approve", refund_id, "--as", "Chan Siu Ming", "--yes")
    before = rung(tmp_path)
    run("approve", refund_id, "--as", "Ben", "--yes")

    assert refused.exit_code == 1
    assert (before, rung(tmp_path)) == (False, True)


def rung(data_dir: Path) -> bool:
    """Say whether the worker's bell was rung, as the file of the queue shows."""
    return make_huey(None, data_dir).pending_count() > 0


def test_a_part_may_go_back(desk: RefundDesk, run: Run) -> None:
    credit = desk.held()

    for amount in ("HK$1", "1,0", "1.5", "0", "-3", "\u0661", "419"):
        asked = run("refund", credit.id, "--reason", "x", "--as", "Ann", "--amount", amount)
        assert asked.exit_code != 0, amount
    asked = run("refund", credit.id, "--reason", "x", "--as", "Ann", "--amount", "1.50")

    assert asked.stdout.endswith(": HK$1.50 is to go back.\n")
    [refund] = desk.refunds()
    assert refund.amount_cents == 150


def test_a_declined_refund_is_over(desk: RefundDesk, run: Run) -> None:
    refund_id = desk.ask(desk.held())

    declined = run("decline", refund_id, "--as", "Ben")
    late = run("approve", refund_id, "--as", "Ben", "--yes")

    assert declined.stdout == f"{refund_id} is declined, by ben.\n"
    assert late.exit_code == 1
    assert "decided already" in late.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("refund", "crd_0", "--reason", "x", "--as", "Ann"),
        ("approve", "rfd_0", "--as", "Ann", "--yes"),
        ("decline", "rfd_0", "--as", "Ann"),
        ("close", "pfd_0", "--as", "Ann"),
        ("replay-event", "bev_0"),
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_does_not_exist_is_a_sentence(run: Run, words: tuple[str, ...]) -> None:
    refused = run(*words)

    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: There is no")
    assert "Traceback" not in refused.output


def test_the_work_list_is_worked_off(harbour: Harbour, run: Run) -> None:
    night = Night(harbour)
    night.paid(heard=False)
    night.fall()
    night.check_all()

    days = json.loads(run("parity", "--json").stdout)["items"]
    found = json.loads(run("worklist", "--json").stdout)["items"]
    closed = run("close", found[0]["id"], "--as", "Ann")
    again = run("close", found[0]["id"], "--as", "Ben")
    empty = run("worklist")
    of_the_day = run("parity", "--day", "2026-11-23")

    assert [(each["day"], each["bank"], each["ours"]) for each in days] == [
        ("2026-11-23", "HK$418.50", "HK$418.50")
    ]
    assert [(each["kind"], each["bank"], each["ours"]) for each in found] == [
        ("late", "HK$418.50", "-")
    ]
    assert closed.exit_code == again.exit_code == 0
    assert again.stdout.endswith("by ann.\n")
    assert empty.stdout == "The work list is empty.\n"
    assert found[0]["id"] in of_the_day.stdout


def test_a_departments_day_is_written_whole(harbour: Harbour, run: Run, tmp_path: Path) -> None:
    night = Night(harbour)
    attempts = [night.paid() for _ in range(3)]
    file = tmp_path / "day.csv"

    told = run("settlement", "WSD", "--day", "2026-11-23", "--csv", str(file))
    nowhere = run("settlement", "WSD", "--day", "2026-11-23", "--csv", str(tmp_path / "no" / "x"))
    odd = run("settlement", "WSD", "--day", "yesterday")
    nobody = run("settlement", "NOPE", "--day", "2026-11-23", "--csv", str(tmp_path / "no.csv"))
    nearly = run("settlement", "wsd", "--day", "2026-11-23")
    quiet = run("settlement", "RVD", "--day", "2026-11-23")

    assert told.stdout == "WSD, 2026-11-23: 3 bills, HK$1,255.50.\n"
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["bill_id"] for row in rows] == [attempt.bill_id for attempt in attempts]
    assert {row["amount_cents"] for row in rows} == {str(CENTS)}
    assert nowhere.exit_code == 1
    assert "cannot be written" in nowhere.stderr
    assert odd.exit_code == 2
    assert (nobody.exit_code, nearly.exit_code, quiet.exit_code) == (1, 1, 0)
    assert nobody.stderr.startswith("Error: There is no department NOPE.")
    assert nearly.stderr == "Error: There is no department wsd. Did you mean WSD?\n"
    assert not (tmp_path / "no.csv").exists()
    assert quiet.stdout == "RVD, 2026-11-23: 0 bills, HK$0.00.\n"
    assert list(tmp_path.glob("*.draft")) == []


def test_the_books_hold_together_whatever_came(desk: RefundDesk, run: Run) -> None:
    desk.approved(desk.held(), 100)
    desk.send_all()
    desk.held(times=1, reference="NOBODY'S")

    told = run("books", "--json")
    plain = run("books")

    found = json.loads(told.stdout)
    assert told.exit_code == plain.exit_code == 0
    assert (found["wrongs"], found["overdrawn_credits"]) == ([], [])
    books = found["by_currency"]["HKD"]
    assert books["came_cents"] == 3 * CENTS
    assert books["settled_cents"] == CENTS
    assert books["held_cents"] == 2 * CENTS - 100
    assert books["returned_cents"] == 100
    assert books["bank_cents"] == 3 * CENTS - 100
    assert books["by_department"] == {"WSD": CENTS}
    assert "WSD" in plain.stdout


def test_no_currency_is_written_as_another(desk: RefundDesk, run: Run) -> None:
    credit = desk.held(times=1, currency="CNY", amount_cents=12345)
    desk.held()

    held = run("held")
    books = run("books")
    found = json.loads(run("books", "--json").stdout)["by_currency"]
    asked = run("refund", credit.id, "--reason", "other money", "--as", "Ann")
    shown = run("refunds")

    [line] = [each for each in held.stdout.splitlines() if credit.id in each]
    assert "CN¥123.45" in line
    assert "HK$" not in line
    assert found["CNY"]["held_cents"] == found["CNY"]["bank_cents"] == 12345
    assert found["HKD"]["bank_cents"] == 2 * CENTS
    assert "at bank   CN¥123.45" in books.stdout
    assert "at bank   HK$837.00" in books.stdout
    assert asked.stdout.endswith(": CN¥123.45 is to go back.\n")
    assert "CN¥123.45" in shown.stdout


def test_each_piece_of_money_is_checked_and_not_their_sum_alone(
    desk: RefundDesk, run: Run, database: Database
) -> None:
    held = [desk.held(), desk.held()]
    refunds = [desk.approved(each, 100) for each in held]
    desk.send_all()
    with database.transaction() as db:
        # In sum all is well: what the one gave too much, the other did not give.
        db.execute(update(Refund).where(Refund.id == refunds[0]).values(credit_id=held[1].id))
        more = {"amount_cents": CENTS, "credit_id": held[1].id}
        db.execute(update(Refund).where(Refund.id == refunds[1]).values(**more))
        db.execute(
            update(LedgerPosting)
            .where(LedgerPosting.entry_id == _entry_of(db, refunds[1]))
            .values(amount_cents=LedgerPosting.amount_cents / 100 * CENTS)
        )

    told = run("books")

    assert told.exit_code == 1
    assert told.stderr == f"More of {held[1].id} went back than was held.\n"


def _entry_of(db: Session, refund_id: str) -> str:
    wanted = select(LedgerEntry.id).where(LedgerEntry.business_key == f"refund:{refund_id}")
    return db.scalars(wanted).one()


@pytest.mark.parametrize("damage", ["posting lost", "money changed"])
def test_books_that_do_not_hold_together_are_told_and_exit_with_1(
    desk: RefundDesk, run: Run, database: Database, damage: str
) -> None:
    desk.held()
    with database.transaction() as db:
        if damage == "posting lost":
            db.execute(delete(LedgerPosting).where(LedgerPosting.account == "held"))
        else:
            changed = {"amount_cents": CENTS + 1, "held_cents": CENTS + 1}
            db.execute(update(BankCredit).where(BankCredit.held_cents > 0).values(**changed))

    told = run("books")

    assert told.exit_code == 1
    assert "HKD: What came is not what was settled, held and returned." in told.stderr
    with database.transaction(read_only=True) as db:
        assert read_books(db).wrongs


def test_a_callback_that_was_put_aside_may_be_acted_upon_again(
    harbour: Harbour, run: Run, database: Database, tmp_path: Path
) -> None:
    row = {
        "event_id": "evt_odd\x1b[2J",
        "body": "{}",
        "state": "quarantined",
        "reason": "odd",
        "received_at": harbour.now,
        "due_at": harbour.now,
        "tries": 10,
    }
    with database.transaction() as db:
        event = BankEvent(**row)
        db.add(event)
        db.flush()
        event_id = event.id

    held = run("held")
    replayed = run("replay-event", event_id)
    again = run("replay-event", event_id)

    assert rung(tmp_path)
    assert event_id in held.stdout
    assert "\x1b" not in held.stdout
    assert replayed.exit_code == 0
    assert again.exit_code == 1
    with database.transaction(read_only=True) as db:
        stored = db.get_one(BankEvent, event_id)
        assert (stored.state, stored.tries, stored.reason) == ("stored", 0, None)
