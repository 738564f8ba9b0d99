"""Bill runs over HTTP: sending a file, following it, stopping it."""

import gzip
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.bills.runs import routes, rules
from backend.bills.runs.models import BillRun
from tests.bills.runs.files import HEADER, Office, csv_file, many, ndjson_file
from tests.conftest import Caller

PATH = "/v1/department/bill-runs"
MEMBERS = {
    *("id", "state", "format", "size_bytes", "sha256", "lines", "total_cents", "checked"),
    *("handled", "posted", "already_there", "withdrawn", "problem_count", "problems"),
    *("created_at", "settled_at"),
}


def send(
    client: FlaskClient, department: Caller, content: bytes, kind: str = "text/csv", **more: Any
) -> Any:
    return client.post(PATH, data=content, headers=department.headers, content_type=kind, **more)


def work_off(office: Office) -> None:
    """Let a worker do all, at whatever hour it is there."""
    office.wait(86_400 * 36_500)
    office.work_off()


def test_a_file_is_taken_and_followed_to_its_end(
    client: FlaskClient, department: Caller, resident: Caller, office: Office
) -> None:
    taken = send(client, department, many(3, resident_id=resident.id))

    assert taken.status_code == 202
    assert taken.json["state"] == "checking"
    assert set(taken.json) == MEMBERS
    address = taken.headers["Location"]
    assert address == f"{PATH}/{taken.json['id']}"
    work_off(office)
    run = client.get(address, headers=department.headers).json
    assert (run["state"], run["lines"], run["posted"]) == ("done", 3, 3)
    seen = client.get("/v1/bills", headers=resident.headers).json["items"]
    assert {bill["bill_number"] for bill in seen} == {"W-0", "W-1", "W-2"}
    assert len(client.get("/v1/messages", headers=resident.headers).json["items"]) == 3


def test_json_lines_are_taken_as_well(
    client: FlaskClient, department: Caller, office: Office
) -> None:
    bill = {"bill_number": "J-1", "kind": "rates", "amount_cents": 5, "due_on": "2199-12-20"}
    content = ndjson_file([{**bill, "account_number": "9"}])

    taken = send(client, department, content, "application/x-ndjson; charset=utf-8")

    work_off(office)
    run = client.get(taken.headers["Location"], headers=department.headers).json
    assert (run["state"], run["format"], run["posted"]) == ("done", "ndjson", 1)


def test_problems_are_told_in_the_readers_language(
    client: FlaskClient, department: Caller, office: Office
) -> None:
    content = csv_file(["W-1,water,0,2199-12-20,A1"], 2, 100)
    taken = send(client, department, content)
    work_off(office)

    said = [
        client.get(f"{taken.headers['Location']}?lang={lang}", headers=department.headers).json
        for lang in ("en", "zh-Hant", "zh-Hans")
    ]

    assert {run["state"] for run in said} == {"refused"}
    first = [run["problems"][0] for run in said]
    assert {(each["line"], each["column"]) for each in first} == {(2, "amount_cents")}
    assert first[0]["detail"] == "Use a number from 1 to 1000000000."
    assert len({each["detail"] for each in first}) == 3
    assert said[0]["problem_count"] == 1


def test_the_same_bytes_again_are_the_same_run(client: FlaskClient, department: Caller) -> None:
    first = send(client, department, many(3))

    again = send(client, department, many(3))

    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json["id"] == first.json["id"]
    assert again.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "multipart/form-data"])
def test_another_type_is_refused(client: FlaskClient, department: Caller, kind: str) -> None:
    reply = send(client, department, many(1), kind)

    assert (reply.status_code, reply.json["code"]) == (415, "media_type_not_taken")


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("text/csv", {"Content-Encoding": "gzip"}),
        ("text/csv", {"Content-Encoding": "gzip, identity"}),
        ("application/x-ndjson", {"Content-Encoding": "BR"}),
        ("text/csv; charset=big5", {}),
        ("text/csv; charset=utf-16", {}),
        ('text/csv; charset="Big5-HKSCS"', {}),
    ],
)
def test_a_file_in_another_encoding_is_refused_as_such(
    client: FlaskClient, department: Caller, office: Office, kind: str, headers: dict[str, str]
) -> None:
    told = {**department.headers, **headers}

    reply = client.post(PATH, data=gzip.compress(many(1)), headers=told, content_type=kind)

    assert (reply.status_code, reply.json["code"]) == (415, "encoding_not_taken")
    assert office.count(BillRun) == office.left_over() == 0


@pytest.mark.parametrize("kind", ["text/csv; charset=UTF-8", 'text/csv; charset="utf8"'])
def test_a_file_that_says_it_is_utf_8_is_taken(
    client: FlaskClient, department: Caller, kind: str
) -> None:
    reply = client.post(
        PATH,
        data=many(1),
        headers={**department.headers, "Content-Encoding": "identity"},
        content_type=kind,
    )

    assert reply.status_code == 202


def test_a_file_of_several_pieces_is_kept_byte_for_byte(
    client: FlaskClient, department: Caller, office: Office
) -> None:
    wide = [f"W-{n},water,100,2099-12-20,A{n},{'x' * 190}" for n in range(6000)]
    content = csv_file(wide, 6000, 600_000, f"{HEADER},premises")

    taken = send(client, department, content)

    assert taken.json["size_bytes"] == len(content) > rules.PIECE_BYTES
    assert office.left_over() == 2
    assert office.run(taken.json["id"]).sha256 == taken.json["sha256"]


def test_a_stated_length_over_the_cap_is_refused_at_once(
    client: FlaskClient, department: Caller, office: Office
) -> None:
    class Untouchable(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise AssertionError("it was read")

    reply = client.post(
        PATH,
        input_stream=Untouchable(many(1)),
        environ_overrides={"CONTENT_LENGTH": str(rules.MOST_BYTES + 1)},
        headers=department.headers,
        content_type="text/csv",
    )

    assert (reply.status_code, reply.json["code"]) == (413, "body_too_large")
    assert office.left_over() == 0


def test_a_body_past_the_cap_is_refused_while_it_comes(
    client: FlaskClient, department: Caller, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes.rules, "MOST_BYTES", 100)

    reply = client.post(
        PATH,
        input_stream=io.BytesIO(many(100)),
        environ_overrides={"wsgi.input_terminated": True},
        headers=department.headers,
        content_type="text/csv",
    )

    assert (reply.status_code, reply.json["code"]) == (413, "body_too_large")
    work_off(office)
    assert office.bills() == []


def test_a_body_that_breaks_off_is_refused_and_never_run(
    client: FlaskClient, department: Caller, office: Office
) -> None:
    content = many(3)

    reply = client.post(
        PATH,
        input_stream=io.BytesIO(content),
        environ_overrides={
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": str(len(content) + 1),
        },
        headers=department.headers,
        content_type="text/csv",
    )

    assert (reply.status_code, reply.json["code"]) == (400, "body_not_readable")
    work_off(office)
    assert office.bills() == []
    assert office.count(BillRun) == office.left_over() == 0


def test_too_many_runs_are_asked_to_come_later(client: FlaskClient, department: Caller) -> None:
    for number in range(3):
        send(client, department, many(2, first=10 * number))

    reply = send(client, department, many(2, first=90))

    assert (reply.status_code, reply.json["code"]) == (429, "bill_runs_waiting")
    assert int(reply.headers["Retry-After"]) > 0


def test_a_run_is_paused_resumed_and_cancelled(
    client: FlaskClient, department: Caller, office: Office
) -> None:
    address = send(client, department, many(3)).headers["Location"]

    def ask(deed: str, **body: Any) -> Any:
        return client.post(f"{address}/{deed}", headers=department.headers, **body)

    assert ask("pause").json["state"] == ask("pause").json["state"] == "paused"
    assert ask("resume").json["state"] == ask("resume").json["state"] == "checking"
    work_off(office)
    refused = ask("pause")
    assert (refused.status_code, refused.json["code"]) == (409, "bill_run_state")
    assert refused.json["detail"] == "This bill run is done: it cannot be paused."
    assert ask("cancel").status_code == ask("cancel", json={}).status_code == 409
    assert ask("cancel", data=b"stop").status_code == 415
    assert ask("cancel", json={"withdraw_posted": True}).json["state"] == "cancelled"
    work_off(office)
    run = client.get(address, headers=department.headers).json
    assert (run["state"], run["posted"], run["withdrawn"]) == ("cancelled", 3, 3)


def test_runs_are_listed_newest_first_and_only_ones_own(
    client: FlaskClient,
    department: Caller,
    office: Office,
    make_department: Callable[[str, frozenset[str]], Caller],
) -> None:
    other = make_department("RVD", frozenset({"bills"}))
    sent = []
    for number in range(4):
        sent.append(send(client, department, many(1, first=number)).json["id"])
        work_off(office)
    send(client, other, many(1))

    seen, address = [], f"{PATH}?limit=3"
    while address:
        page = client.get(address, headers=department.headers).json
        seen += [run["id"] for run in page["items"]]
        address = page["next"]

    assert seen == sent[::-1]


def test_anothers_run_looks_like_no_run(
    client: FlaskClient,
    department: Caller,
    make_department: Callable[[str, frozenset[str]], Caller],
) -> None:
    other = make_department("RVD", frozenset({"bills"}))
    address = send(client, department, many(1)).headers["Location"]

    for path in (address, address[:-4] + "0000"):
        assert client.get(path, headers=other.headers).status_code == 404
        for deed in ("pause", "resume"):
            assert client.post(f"{path}/{deed}", headers=other.headers).status_code == 404
        cancelled = client.post(f"{path}/cancel", headers=other.headers, json={})
        assert cancelled.status_code == 404


def test_other_operations_keep_their_small_cap(app: Flask, department: Caller) -> None:
    reply = app.test_client().post(
        "/v1/department/bills",
        data=b"x" * 70_000,
        headers={**department.headers, "Idempotency-Key": "k"},
        content_type="text/csv",
    )

    assert (reply.status_code, reply.json["code"]) == (413, "body_too_large")
