"""A resident's own bills: which are listed and in what order, what is owed, what is put off."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.assistant.forgetting import forget_in_time
from backend.bills.rules import KEPT_YEARS
from backend.core import clock
from backend.core.database import Database
from tests.bills.posting import get, pay, posted, today, withdraw
from tests.conftest import Caller
from tests.core.once import on_sqlite

DAY = date(2027, 3, 15)
RULE = "As the notice says"


@pytest.fixture
def on_day(monkeypatch: pytest.MonkeyPatch) -> date:
    """Let a calendar in Hong Kong show the same day on and on."""
    monkeypatch.setattr(clock, "hong_kong_date", lambda _moment: DAY)
    return DAY


def surcharge(after: date, cents: int) -> dict[str, Any]:
    return {"after": after.isoformat(), "amount_cents": cents, "rule": RULE}


def put_off(client: FlaskClient, caller: Caller, bill_id: str, until: object) -> Any:
    path = f"/v1/bills/{bill_id}/later"
    return client.put(path, json={"until": str(until)}, headers=caller.headers)


class Town:
    """Some bills of one resident, by name: what the filters choose from."""

    def __init__(self, client: FlaskClient, resident: Caller, department: Caller) -> None:
        self.client, self.resident, self.department = client, resident, department
        self.ids: dict[str, str] = {}

    def owe(self, name: str, due_on: str, issued_on: str = "2026-11-20", **bill: Any) -> str:
        self.ids[name] = posted(
            self.client,
            self.department,
            resident_id=self.resident.id,
            bill_number=name,
            due_on=due_on,
            issued_on=issued_on,
            **bill,
        )
        return self.ids[name]

    def listed(self, query: str = "", limit: int = 2) -> list[str]:
        """Return the names of the bills that a query lists, page by page."""
        names = {bill_id: name for name, bill_id in self.ids.items()}
        seen, address = [], f"/v1/bills?limit={limit}{query}"
        while address:
            page = get(self.client, self.resident, address)
            assert len(page["items"]) <= limit
            seen += [names[bill["id"]] for bill in page["items"]]
            address = page["next"]
        return seen


@pytest.fixture
def town(client: FlaskClient, resident: Caller, department: Caller) -> Town:
    return Town(client, resident, department)


def test_open_bills_come_the_first_due_first_and_others_the_other_way(
    client: FlaskClient, town: Town, department: Caller, database: Database
) -> None:
    for number, due_on in enumerate(["2027-05-01", "2027-04-01", "2027-06-01", "2027-07-01"]):
        town.owe(f"O-{number}", due_on)
    for number, due_on in enumerate(["2027-02-01", "2027-03-01", "2027-01-01"]):
        pay(database, town.owe(f"P-{number}", due_on))
        withdraw(client, department, town.owe(f"W-{number}", due_on))

    assert town.listed() == ["O-1", "O-0", "O-2", "O-3"]
    assert town.listed("&state=open") == town.listed()
    assert town.listed("&state=paid") == ["P-1", "P-0", "P-2"]
    assert town.listed("&state=withdrawn") == ["W-1", "W-0", "W-2"]
    assert town.listed("&state=all", 3)[:4] == ["O-3", "O-2", "O-0", "O-1"]
    assert len(town.listed("&state=all", 3)) == 10


def test_bills_are_chosen_by_kind_department_and_year(
    town: Town, client: FlaskClient, department: Caller
) -> None:
    for year in (2024, 2025, 2025, 2026):
        number = len(town.ids)
        town.owe(f"W-{number}", f"2027-01-0{number + 1}", f"{year}-12-31")
    town.owe("T-1", "2027-02-01", "2026-01-01", kind="tax")

    assert town.listed("&year=2025") == ["W-1", "W-2"]
    assert town.listed("&year=2026") == ["W-3", "T-1"]
    assert town.listed("&year=2026&kind=tax") == ["T-1"]
    assert town.listed("&kind=water", 1) == ["W-0", "W-1", "W-2", "W-3"]
    assert len(town.listed("&department=WSD")) == 5
    assert town.listed("&department=IRD") == []


def test_the_next_page_asks_for_what_the_first_one_did(town: Town) -> None:
    for number in range(3):
        town.owe(f"W-{number}", "2027-01-01")

    query = "&state=all&kind=water&department=WSD&year=2026&later=false&lang=zh-Hant"
    page = get(town.client, town.resident, f"/v1/bills?limit=2{query}")

    for part in query[1:].split("&"):
        assert part in page["next"]
    assert "limit=2" in page["next"]


@on_sqlite
def test_a_query_that_makes_no_sense_is_refused(client: FlaskClient, resident: Caller) -> None:
    wrong = (
        "state=due kind=gas department=x year=1999 year=abc later=1 later=True cursor=x owner=me"
    )
    far = "WyJ4IiwieSJd"  # a cursor of two words that are no keys of a bill

    for query in [*wrong.split(), f"cursor={far}"]:
        reply = client.get(f"/v1/bills?{query}", headers=resident.headers)
        assert reply.status_code == 422, query


def test_a_total_is_of_open_bills_and_of_today(
    town: Town, client: FlaskClient, department: Caller, database: Database, on_day: date
) -> None:
    town.owe("late", "2027-03-01", surcharges=[surcharge(date(2027, 3, 1), 100)], amount_cents=1000)
    town.owe(
        "later",
        "2027-03-01",
        surcharges=[surcharge(date(2027, 3, 10), 10), surcharge(on_day, 20)],
        amount_cents=5000,
    )
    town.owe("today", "2027-03-15", amount_cents=20000)
    town.owe("next", "2027-04-01", amount_cents=30000)
    pay(database, town.owe("paid", "2027-03-01", amount_cents=400_000))
    withdraw(client, department, town.owe("gone", "2027-03-02", amount_cents=500_000))

    total = get(client, town.resident, "/v1/bills/total")

    assert total == {
        "count": 4,
        "total_cents": 56110,
        "currency": "HKD",
        "next_due_on": "2027-03-15",
        "overdue_count": 2,
    }
    bills = get(client, town.resident, "/v1/bills?limit=100")["items"]
    assert sum(bill["payable_cents"] for bill in bills) == total["total_cents"]
    assert sum(bill["overdue"] for bill in bills) == 2


def test_who_owes_nothing_has_a_total_of_nothing(client: FlaskClient, resident: Caller) -> None:
    assert get(client, resident, "/v1/bills/total") == {
        "count": 0,
        "total_cents": 0,
        "currency": "HKD",
        "next_due_on": None,
        "overdue_count": 0,
    }
    assert get(client, resident, "/v1/bills/years") == {"items": []}


def test_a_surcharge_holds_from_the_day_after(
    town: Town, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = date(2027, 3, 15), date(2027, 9, 15)
    bill_id = town.owe(
        "W-1", "2027-03-15", surcharges=[surcharge(first, 2100), surcharge(second, 4400)]
    )
    payable = []

    for day in (first, first + timedelta(days=1), second, second + timedelta(days=1)):
        monkeypatch.setattr(clock, "hong_kong_date", lambda _moment, day=day: day)
        bill = get(client, town.resident, f"/v1/bills/{bill_id}")
        held = [each["holds"] for each in bill["surcharges"]]
        payable.append((bill["payable_cents"], bill["overdue"], held))

    assert payable == [
        (41850, False, [False, False]),
        (43950, True, [True, False]),
        (43950, True, [True, False]),
        (48350, True, [True, True]),
    ]


def test_the_years_tell_how_many_bills_there_were_and_what_was_paid(
    town: Town, database: Database
) -> None:
    for number, year in enumerate((2024, 2026, 2026)):
        pay(database, town.owe(f"P-{number}", "2027-01-01", f"{year}-12-31", amount_cents=10**9))
    town.owe("O-1", "2027-01-01", "2025-01-01")

    assert get(town.client, town.resident, "/v1/bills/years")["items"] == [
        {"year": 2026, "count": 2, "paid_cents": 2 * 10**9},
        {"year": 2025, "count": 1, "paid_cents": 0},
        {"year": 2024, "count": 1, "paid_cents": 10**9},
    ]


def test_a_paid_bill_stays_for_seven_years(
    town: Town, client: FlaskClient, database: Database
) -> None:
    long_ago = datetime(today().year - KEPT_YEARS, 1, 2, 3, 4, tzinfo=UTC)
    bill_id = town.owe("P-1", f"{long_ago.year}-01-31", f"{long_ago.year}-01-01")
    pay(database, bill_id, long_ago)

    forget_in_time(database, clock.now)

    bill = get(client, town.resident, f"/v1/bills/{bill_id}")
    assert (bill["state"], bill["payable_cents"], bill["overdue"]) == ("paid", 0, False)
    assert bill["paid"]["cents"] == 41850
    assert datetime.fromisoformat(bill["paid"]["at"]) == long_ago
    assert town.listed("&state=paid") == ["P-1"]
    assert KEPT_YEARS == 7


def test_a_bill_is_put_off_and_comes_up_again_on_its_day(
    town: Town, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "hong_kong_date", lambda _moment: DAY)
    bill_id = town.owe("W-1", "2027-12-01")
    town.owe("W-2", "2027-12-02")

    reply = put_off(client, town.resident, bill_id, DAY + timedelta(days=2))

    assert (reply.status_code, reply.json["later_on"]) == (200, "2027-03-17")
    assert (town.listed("&later=true"), town.listed("&later=false")) == (["W-1"], ["W-2"])
    assert town.listed() == ["W-1", "W-2"]
    monkeypatch.setattr(clock, "hong_kong_date", lambda _moment: DAY + timedelta(days=2))
    assert get(client, town.resident, f"/v1/bills/{bill_id}")["later_on"] is None
    assert (town.listed("&later=true"), town.listed("&later=false")) == ([], ["W-1", "W-2"])


def test_a_bill_that_was_put_off_is_taken_up_and_so_again(town: Town, client: FlaskClient) -> None:
    bill_id = town.owe("W-1", "2199-12-01")
    put_off(client, town.resident, bill_id, today() + timedelta(days=1))
    path = f"/v1/bills/{bill_id}/later"

    replies = [client.delete(path, headers=town.resident.headers) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [204, 204]
    assert town.listed("&later=true") == []


def test_a_bill_is_not_put_off_past_its_last_day_nor_for_ever(
    town: Town, client: FlaskClient, on_day: date
) -> None:
    soon, far = town.owe("soon", "2027-03-20"), town.owe("far", "2199-01-01")
    late, now = town.owe("late", "2027-03-14"), town.owe("now", "2027-03-15")
    days = {
        (soon, 0): "later_date_wrong",
        (soon, -1): "later_date_wrong",
        (soon, 5): None,
        (soon, 6): "later_date_wrong",
        (far, 90): None,
        (far, 91): "later_date_wrong",
        (late, 1): "bill_cannot_wait",
        (now, 1): "bill_cannot_wait",
    }

    got = {
        (bill_id, on): put_off(client, town.resident, bill_id, on_day + timedelta(days=on)).json
        for bill_id, on in days
    }

    assert {key: reply.get("code") for key, reply in got.items()} == days
    assert got[soon, 6]["detail"] == "Choose a day from 2027-03-16 to 2027-03-20."


def test_what_is_paid_or_taken_back_is_not_put_off(
    town: Town, client: FlaskClient, department: Caller, database: Database
) -> None:
    paid, gone = town.owe("P-1", "2199-01-01"), town.owe("W-1", "2199-01-01")
    pay(database, paid)
    withdraw(client, department, gone)

    until = today() + timedelta(days=1)
    replies = [put_off(client, town.resident, bill_id, until) for bill_id in (paid, gone)]

    assert [(each.status_code, each.json["code"]) for each in replies] == [
        (409, "bill_paid"),
        (409, "bill_withdrawn"),
    ]


@on_sqlite
def test_a_day_that_is_none_is_refused(town: Town, client: FlaskClient) -> None:
    bill_id = town.owe("W-1", "2199-12-01")

    for until in ("", "tomorrow", "2027-02-30", "9999-12-31", "0001-01-01", "２０２７-03-01"):
        reply = put_off(client, town.resident, bill_id, until)
        assert reply.status_code == 422, until


def test_two_residents_never_mix(
    town: Town, client: FlaskClient, neighbour: Caller, database: Database
) -> None:
    ids = [town.owe(f"W-{number}", "2199-12-01") for number in range(3)]
    pay(database, ids[0])
    mine = get(client, town.resident, "/v1/bills?limit=1")

    foreign = put_off(client, neighbour, ids[1], today() + timedelta(days=1))
    taken_up = client.delete(f"/v1/bills/{ids[1]}/later", headers=neighbour.headers)

    assert foreign.status_code == taken_up.status_code == 404
    for path in ("/v1/bills?state=all", "/v1/bills/years", mine["next"]):
        assert get(client, neighbour, path)["items"] == []
    total = get(client, neighbour, "/v1/bills/total")
    assert (total["count"], total["total_cents"]) == (0, 0)


def test_a_bill_is_fresh_until_it_changes(
    town: Town, client: FlaskClient, department: Caller
) -> None:
    bill_id = town.owe("W-1", "2199-12-01")
    first = client.get(f"/v1/bills/{bill_id}", headers=town.resident.headers)
    asks = {**town.resident.headers, "If-None-Match": first.headers["ETag"]}

    same = client.get(f"/v1/bills/{bill_id}", headers=asks)
    withdraw(client, department, bill_id)
    changed = client.get(f"/v1/bills/{bill_id}", headers=asks)

    assert (same.status_code, changed.status_code) == (304, 200)
    assert first.headers["Cache-Control"] == changed.headers["Cache-Control"] == "no-store"
