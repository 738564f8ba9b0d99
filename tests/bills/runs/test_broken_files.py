"""Files that are broken, each in its way: refused whole, with the line, and nothing posted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.bills.runs.problems import SENTENCES, sentence
from backend.bills.runs.rules import FileFormat, RunState
from backend.core.database import Database
from backend.core.languages import Language
from tests.bills.runs.files import HEADER, Office, csv_file, ndjson_file
from tests.engines import SqliteRoom

CSV, NDJSON = FileFormat.CSV, FileFormat.NDJSON
GOOD = "W-1,water,100,2099-12-20,A1"
BILL = {
    "bill_number": "W-1",
    "kind": "water",
    "amount_cents": 100,
    "due_on": "2099-12-20",
    "account_number": "A1",
}
JSON_TRAILER = b'{"trailer": {"count": 1, "total_cents": 100}}\n'
JSON_BILL = ndjson_file([BILL]).partition(b"\n")[0] + b"\n"


def two(line: str) -> bytes:
    """A sound bill, and this line behind it."""
    return csv_file([GOOD, line], 2, 200)


# name -> (format, file, line, code)
BROKEN: dict[str, tuple[FileFormat, bytes, int, str]] = {
    "nothing": (CSV, b"", 1, "header_missing"),
    "an empty first line": (CSV, b"\n" + csv_file([GOOD], 1, 100), 1, "header_missing"),
    "no header": (CSV, csv_file([GOOD], 1, 100, GOOD), 1, "column_unknown"),
    "an unknown column": (CSV, csv_file([GOOD], 1, 100, HEADER + ",colour"), 1, "column_unknown"),
    "a column twice": (CSV, csv_file([GOOD], 1, 100, HEADER + ",kind"), 1, "column_twice"),
    "a column too few": (CSV, b"bill_number,kind\n#total,0,0\n", 1, "column_missing"),
    "a cell too few": (CSV, two("W-2,water,100,2099-12-20"), 3, "columns"),
    "a cell too many": (CSV, two("W-2,water,100,2099-12-20,A1,x"), 3, "columns"),
    "a quote inside a cell": (CSV, two('W-2,wa"ter"x,100,"2099-12-20"x,A1'), 3, "quotes"),
    "an empty line": (CSV, two(""), 3, "empty_line"),
    "no trailer": (CSV, f"{HEADER}\n{GOOD}\n".encode(), 2, "trailer_missing"),
    "cut in a line": (CSV, two(GOOD)[:70], 2, "columns"),
    "a trailer of words": (CSV, f"{HEADER}\n{GOOD}\n#total,one,100\n".encode(), 3, "trailer_wrong"),
    "a trailer below zero": (CSV, f"{HEADER}\n{GOOD}\n#total,-1,1\n".encode(), 3, "trailer_wrong"),
    "a trailer in other digits": (
        CSV,
        f"{HEADER}\n{GOOD}\n#total,١,100\n".encode(),
        3,
        "trailer_wrong",
    ),
    "a trailer by another name": (
        CSV,
        f"{HEADER}\n{GOOD}\n#Total,1,100\n".encode(),
        3,
        "trailer_wrong",
    ),
    "a trailer without its mark": (
        CSV,
        f"{HEADER}\n{GOOD}\ntotal,1,100,,\n".encode(),
        3,
        "trailer_wrong",
    ),
    "a spread trailer of words": (
        CSV,
        f"{HEADER}\n{GOOD}\n#total,1,HK$1,,\n".encode(),
        3,
        "trailer_wrong",
    ),
    "a trailer of too much": (
        CSV,
        f"{HEADER}\n{GOOD}\n#total,1,100,,x\n".encode(),
        3,
        "trailer_wrong",
    ),
    "a line of empty cells": (CSV, two(",,,,"), 3, "empty_line"),
    "a count that is wrong": (CSV, csv_file([GOOD], 2, 100), 3, "trailer_count"),
    "a sum that is wrong": (CSV, csv_file([GOOD], 1, 101), 3, "trailer_total"),
    "a bill behind the trailer": (
        CSV,
        csv_file([GOOD], 1, 100) + b"\nW-2,water,1,2099-12-20,A\n",
        5,
        "after_trailer",
    ),
    "two trailers": (CSV, csv_file([GOOD], 1, 100) + b"#total,1,100\n", 4, "after_trailer"),
    "no bill at all": (CSV, csv_file([], 0, 0), 2, "no_bills"),
    "the same number twice": (CSV, csv_file([GOOD, GOOD], 2, 200), 3, "number_twice"),
    "Big5": (
        CSV,
        two("W-2,water,100,2099-12-20,A").replace(b",A\n", b",\xa4\xf4\n"),
        3,
        "not_utf8",
    ),
    "UTF-16": (CSV, csv_file([GOOD], 1, 100).decode().encode("utf-16"), 1, "not_utf8"),
    "UTF-16 without its mark": (
        CSV,
        csv_file([GOOD], 1, 100).decode().encode("utf-16-le"),
        1,
        "control_character",
    ),
    "a surrogate in UTF-8": (
        CSV,
        two("W-2,water,1,2099-12-20,A").replace(b"20,A\n", b"20,\xed\xa0\x80\n"),
        3,
        "not_utf8",
    ),
    "NUL": (CSV, two("W-2,water,1,2099-12-20,A\0"), 3, "control_character"),
    "an escape": (CSV, two("W-2,water,1,2099-12-20,\x1b[31m"), 3, "control_character"),
    "an old Mac's lines": (CSV, csv_file([GOOD], 1, 100, end="\r"), 1, "header_missing"),
    "a quote that never ends": (
        CSV,
        two('W-2,water,1,2099-12-20,"' + "\n,,,," * 20_000),
        3,
        "line_too_long",
    ),
    "a line of a megabyte": (CSV, two("W-2," + "w" * 2**20), 3, "line_too_long"),
    "an amount in dollars": (CSV, two("W-2,water,100.00,2099-12-20,A2"), 3, "shape"),
    "an amount of nothing": (CSV, two("W-2,water,0,2099-12-20,A2"), 3, "shape"),
    "an amount in other digits": (CSV, two("W-2,water,１００,2099-12-20,A2"), 3, "shape"),
    "a day that is none": (CSV, two("W-2,water,100,2099-02-30,A2"), 3, "shape"),
    "a day in a week": (CSV, two("W-2,water,100,2099-W52-1,A2"), 3, "shape"),
    "a day of digits alone": (CSV, two("W-2,water,100,20991220,A2"), 3, "shape"),
    "a formula": (CSV, two("=1+1,water,100,2099-12-20,A2"), 3, "shape"),
    "for nobody": (CSV, two("W-2,water,100,2099-12-20,"), 3, "bill_for_nobody"),
    "due before it is issued": (CSV, two("W-2,water,100,2026-11-01,A2"), 3, "bill_dates_wrong"),
    "JSON, nothing": (NDJSON, b"", 1, "trailer_missing"),
    "JSON, no trailer": (NDJSON, JSON_BILL, 1, "trailer_missing"),
    "JSON, not well formed": (NDJSON, JSON_BILL[:-3] + b"\n" + JSON_TRAILER, 1, "not_json"),
    "JSON, a name twice": (NDJSON, b'{"kind": "a", "kind": "b"}\n' + JSON_TRAILER, 1, "not_json"),
    "JSON, a list": (NDJSON, b"[]\n" + JSON_TRAILER, 1, "not_json"),
    "JSON, NaN": (NDJSON, b'{"amount_cents": NaN}\n' + JSON_TRAILER, 1, "not_json"),
    "JSON, a lone surrogate": (NDJSON, b'{"contact": "\\ud800"}\n' + JSON_TRAILER, 1, "not_json"),
    "JSON, a bottomless pit": (NDJSON, b"[" * 60_000 + b"\n" + JSON_TRAILER, 1, "not_json"),
    "JSON, an unknown member": (NDJSON, b'{"is_admin": true}\n' + JSON_TRAILER, 1, "shape"),
    "JSON, a trailer of text": (
        NDJSON,
        JSON_BILL + b'{"trailer": {"count": "1", "total_cents": "100"}}\n',
        2,
        "trailer_wrong",
    ),
    "JSON, a trailer of true": (
        NDJSON,
        JSON_BILL + b'{"trailer": {"count": true, "total_cents": 100}}\n',
        2,
        "trailer_wrong",
    ),
    "JSON, a wrong count": (NDJSON, ndjson_file([BILL], 2), 2, "trailer_count"),
    "JSON in a CSV run": (CSV, JSON_BILL + JSON_TRAILER, 1, "column_unknown"),
    "CSV in a JSON run": (NDJSON, csv_file([GOOD], 1, 100), 1, "not_json"),
}


@pytest.fixture
def office(sqlite_room: SqliteRoom, tmp_path: Path) -> Iterator[Office]:
    """An office on one engine: what is wrong with a file does not depend on the other."""
    rows = Database(sqlite_room.copy_to(tmp_path / "ferry.db"))
    yield Office(rows)
    rows.close()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_whole_with_its_line(office: Office, name: str) -> None:
    kind, content, line, code = BROKEN[name]

    run = office.handle(content, kind)

    assert run.state == RunState.REFUSED
    found = [(problem["line"], problem["code"]) for problem in run.problems]
    assert found[0] == (line, code)
    assert office.count(type(run)) == 1
    assert office.bills() == []
    assert office.told() == (0, 0)
    assert office.left_over() == 0
    for problem in run.problems:
        said = {sentence(problem, language) for language in Language}
        assert len(said) > 1
        assert not any("{" in each and "JSON" not in each for each in said)


def test_a_wrong_header_is_not_blamed_on_the_trailer(office: Office) -> None:
    run = office.handle(csv_file([GOOD], 1, 100, HEADER + ",colour"))

    assert [(each["code"], each["column"]) for each in run.problems] == [
        ("column_unknown", "colour")
    ]


def test_every_sentence_is_there_in_three_languages() -> None:
    assert all(words.en and words.zh_hant and words.zh_hans for words in SENTENCES.values())


def test_line_numbers_are_right_behind_a_line_break_in_quotes(office: Office) -> None:
    header = HEADER + ",premises"
    lines = ['W-1,water,100,2099-12-20,A1,"Flat A,\n1 Harbour Road"', "W-2,water,x,2099-12-20,A2,B"]

    run = office.handle(csv_file(lines, 2, 200, header))

    assert [(each["line"], each["column"]) for each in run.problems] == [
        (2, "premises"),
        (4, "amount_cents"),
    ]


def test_a_hundred_problems_are_kept_and_all_are_counted(office: Office) -> None:
    lines = [f"W-{n},steam,100,2099-12-20,A{n}" for n in range(2500)]

    run = office.handle(csv_file(lines, 2500, 250_000))

    assert (run.state, run.problem_count, run.checked) == (RunState.REFUSED, 2500, 2500)
    assert [problem["line"] for problem in run.problems] == list(range(2, 102))


def test_a_number_that_comes_again_batches_later_is_found(office: Office) -> None:
    lines = [f"W-{n % 2400},water,100,2099-12-20,A{n}" for n in range(2402)]

    run = office.handle(csv_file(lines, 2402, 240_200))

    doubles = [(each["line"], each["code"], each["values"]["other"]) for each in run.problems]
    assert doubles == [(2402, "number_twice", 2), (2403, "number_twice", 3)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("behind", ["", "\n", "\r\n\r\n"])
def test_marks_line_ends_and_blank_lines_at_the_end_do_no_harm(
    office: Office, end: str, mark: bytes, behind: str
) -> None:
    content = mark + csv_file([GOOD, "W-2,water,1,2099-12-20,甲"[:-1] + "B"], 2, 101, end=end)

    run = office.handle(content + behind.encode())

    assert (run.state, run.posted, run.problems) == (RunState.DONE, 2, [])


@pytest.mark.parametrize("empties", ["", ",", ",,", ",,,,,,"])
def test_a_trailer_is_taken_as_a_spreadsheet_saves_it(office: Office, empties: str) -> None:
    rows = [HEADER, GOOD, "W-2,water,100,2099-12-20,A2", f"#total,2,200{empties}", ",,,,", ""]

    run = office.handle("\r\n".join(rows).encode())

    assert (run.state, run.posted, run.problems) == (RunState.DONE, 2, [])


@pytest.mark.parametrize(
    "trailer", ["#total,1,1.00,,", "#total,2,100", "#total,1,101", "#Total,1,100", "#total"]
)
def test_a_mistake_in_the_trailer_is_said_to_be_in_the_last_line(
    office: Office, trailer: str
) -> None:
    run = office.handle(f"{HEADER}\n{GOOD}\n{trailer}\n".encode())

    assert [each["line"] for each in run.problems] == [3]
    assert sentence(run.problems[0], Language.EN).startswith("The last line (trailer) ")
    assert sentence(run.problems[0], Language.ZH_HANT).startswith("最後一行（結尾行）")
    assert sentence(run.problems[0], Language.ZH_HANS).startswith("最后一行（结尾行）")


def test_a_bill_may_be_called_total(office: Office) -> None:
    run = office.handle(csv_file(["Total,water,100,2099-12-20,A1"], 1, 100))

    assert (run.state, run.posted) == (RunState.DONE, 1)


def test_a_file_without_a_line_end_at_its_end_is_whole(office: Office) -> None:
    run = office.handle(csv_file([GOOD], 1, 100).rstrip(b"\n"))

    assert (run.state, run.posted) == (RunState.DONE, 1)


def test_quotes_commas_and_quotes_in_quotes_are_read_as_rfc_4180_has_them(office: Office) -> None:
    line = 'W-1,water,100,2099-12-20,A1,"Flat ""A"", 1/F"'

    office.handle(csv_file([line], 1, 100, HEADER + ",premises"))

    assert office.bills()[0].details == {"premises": 'Flat "A", 1/F'}
