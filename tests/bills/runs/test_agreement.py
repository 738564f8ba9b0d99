"""A file refuses exactly what a single post refuses, whichever way its lines are looked at."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from backend.bills import rules
from backend.bills.linking.models import AccountLink
from backend.bills.models import columns_of
from backend.bills.rules import BillFacts
from backend.bills.runs.columns import KNOWN, Columns
from backend.bills.runs.quick import NotPlain, plain_members
from backend.bills.runs.reading import Reader
from backend.bills.runs.rows import Posting, members_of, members_of_sheet, whole_columns
from backend.bills.runs.rules import FileFormat
from backend.bills.runs.sheets import Sheet
from backend.bills.runs.stated import Stated, sheet_of, state
from backend.bills.schemas import BillPostShape
from backend.bills.stating import facts_from
from backend.core.clock import new_id
from backend.core.errors import Refusal
from tests.bills.posting import FULL
from tests.bills.runs.files import NOON

TODAY = date(2026, 11, 23)
SHAPE = BillPostShape()
ODD = st.sampled_from(
    [
        *["", " ", "a", "W-1", "water", "HKD", "USD", "2026-12-20", "20261220", "2026-W51-7"],
        *["1999-12-31", "2200-01-01", "2026-02-30", "２０２６-12-20", "1", "0", "01", "+1", "1_0"],
        *["1e3", "100", "1000000000", "1000000001", "x" * 40, "x" * 41, "x" * 101, "x" * 501],
        *["res_" + "0" * 26, "res_" + "0" * 26 + "\n", "A-1\n", "\u202eabc", "e" + "\u0301" * 9],
        *["陳大文", "a\tb", "\u00a0", "\x7f", "https://a.example", "http://a.example"],
        *["https://a@b.example", "https://a.example/\u00e9", "K7QX-22", "١٢"],
    ]
)
ANY = st.one_of(
    ODD,
    st.none(),
    st.booleans(),
    st.integers(-1, 3),
    st.sampled_from([1.0, 10**30, rules.MOST_CENTS, rules.MOST_CENTS + 1, [], {}, [{}], [None]]),
)
PERIOD = st.fixed_dictionaries({}, optional={"from": ANY, "to": ANY, "x": ANY})
LINE = st.fixed_dictionaries({}, optional={"text": ANY, "amount_cents": ANY, "quantity": ANY})
SURCHARGE = st.fixed_dictionaries({}, optional={"after": ANY, "amount_cents": ANY, "rule": ANY})
NESTED = {
    "period": PERIOD | st.just({"from": "2026-07-01", "to": "2026-10-31"}),
    "lines": st.lists(LINE, max_size=2),
    "surcharges": st.lists(SURCHARGE, max_size=2),
}
MEMBERS = [*SHAPE.fields, "is_admin"]
CHANGES = st.dictionaries(st.sampled_from(MEMBERS), st.none(), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({n: NESTED.get(n, ANY) | ANY for n in names})
)
LEFT_OUT = st.sets(st.sampled_from(MEMBERS), max_size=4)
CELLS = st.dictionaries(st.sampled_from(sorted(KNOWN)), ODD, max_size=4)


def verdict(body: Any) -> BillFacts | None:
    """What the API makes of a body by itself: its facts, or None where it is refused."""
    try:
        facts = facts_from(SHAPE.load(body), TODAY)
        rules.ensure_sound(facts)
    except (ValidationError, Refusal):
        return None
    return facts


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(CHANGES, LEFT_OUT)
def test_what_is_read_quickly_is_what_the_shape_loads(
    changes: dict[str, Any], left_out: set[str]
) -> None:
    body = {name: value for name, value in {**FULL, **changes}.items() if name not in left_out}

    try:
        quick = facts_from(plain_members(body), TODAY)
    except NotPlain:
        return

    assert quick == facts_from(SHAPE.load(body), TODAY)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(CHANGES, LEFT_OUT)
def test_a_line_of_json_is_refused_where_a_post_is(
    changes: dict[str, Any], left_out: set[str]
) -> None:
    body = {name: value for name, value in {**FULL, **changes}.items() if name not in left_out}
    content = json.dumps(body).encode() + b"\n"

    batch = Reader(FileFormat.NDJSON, lambda _at: iter([content])).batch()
    stated, problems = state(batch, TODAY)

    if verdict(body) is not None:
        assert [facts for _, facts in stated] == [verdict(body)]
        assert problems == []
    elif stated:
        assert verdict_of_rules(stated[0].facts) is not None
    else:
        assert all(problem.line == 1 for problem in problems)


def verdict_of_rules(facts: BillFacts) -> Refusal | None:
    try:
        rules.ensure_sound(facts)
    except Refusal as refusal:
        return refusal
    return None


ROW = {
    "bill_number": "W-1",
    "kind": "water",
    "amount_cents": "100",
    "due_on": "2026-12-20",
    "account_number": "12-34 a",
    "payer_name": "陳大文",
}


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=3))
def test_a_sheet_holds_what_its_rows_say_one_by_one(changes: list[dict[str, str]]) -> None:
    names = sorted({name for each in changes for name in each} | set(ROW))
    rows = [[{**ROW, **each}.get(name, "") for name in names] for each in changes]
    columns = Columns(names)

    try:
        sheet = Sheet(columns, rows, TODAY)
    except NotPlain:
        return

    facts = [verdict(columns.body(row)) for row in rows]
    assert None not in facts
    plain = members_of(Stated(1, each) for each in facts if each is not None)
    assert {name: list(cells) for name, cells in members_of_sheet(sheet).items()} == plain


def test_an_ordinary_file_goes_by_sheets() -> None:
    content = io.StringIO(newline="")
    full = (
        dict.fromkeys(sorted(KNOWN), "")
        | ROW
        | {
            "resident_id": "res_" + "0" * 26,
            "issued_on": "2026-11-01",
            "period_from": "2026-07-01",
            "period_to": "2026-10-31",
            "premises": "Flat A, 1/F",
            "pdf_url": "https://bills.example.org/1.pdf",
        }
    )
    csv.writer(content).writerows([full.keys(), full.values()])

    batch = Reader(FileFormat.CSV, lambda _at: iter([content.getvalue().encode()])).batch()

    assert sheet_of(batch, TODAY) is not None


def test_rows_made_in_bulk_are_the_rows_of_single_posts() -> None:
    linked = AccountLink(
        id=new_id("lnk"), resident_id="res_linked", department_id="WSD", account_number="12345678A"
    )
    facts = [
        facts_from(SHAPE.load({**FULL, "resident_id": "res_" + "0" * 26}), TODAY),
        facts_from(SHAPE.load(FULL), TODAY),
        facts_from(SHAPE.load({**FULL, "account_number": "Z", "lines": []}), TODAY),
    ]
    members = members_of(Stated(1, each) for each in facts)
    columns = whole_columns(members, {"12345678A": linked}, Posting("WSD", "run_1", NOON))

    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for row, each in zip(rows, facts, strict=True):
        expected = columns_of(each, row["id"], "WSD", NOON)
        assert {name: row[name] for name in expected if name != "resident_id"} == {
            name: value for name, value in expected.items() if name != "resident_id"
        }
    assert [(row["resident_id"], row["link_id"], row["run_id"]) for row in rows] == [
        ("res_" + "0" * 26, None, "run_1"),
        ("res_linked", linked.id, "run_1"),
        (None, None, "run_1"),
    ]


def test_every_column_of_a_file_has_a_place_in_the_shape() -> None:
    body = Columns(sorted(KNOWN)).body(["1"] * len(KNOWN))

    assert set(body) <= set(SHAPE.fields)
    assert set(SHAPE.fields) - set(body) == {"lines"}
    assert set(body["period"]) == {"from", "to"}
    assert set(body["surcharges"][0]) == {"after", "amount_cents", "rule"}
