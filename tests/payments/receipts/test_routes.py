"""Reading one's receipts and checking anybody's, over HTTP."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient

from backend.gateways.signer import KeyFileSigner, make_key
from backend.payments.receipts.rules import Facts, claims_of
from tests.conftest import Caller
from tests.receipts import PAID_AT

Pay = Callable[..., tuple[str, str]]
RECEIPT = {
    "id", "number", "bill", "department", "amount_cents", "currency", "paid_at", "fps_reference",
    "issued_at", "jws", "check_url",
}  # fmt: skip
CHECKED = {
    "issuer", "number", "department", "bill_number", "amount_cents", "currency", "paid_at",
    "fps_reference", "issued_at",
}  # fmt: skip


def check(client: FlaskClient, jws: str) -> Any:
    return client.post("/v1/receipts/check", json={"jws": jws})


def test_a_receipt_says_what_was_paid(client: FlaskClient, resident: Caller, pay: Pay) -> None:
    bill_id, receipt_id = pay(resident)

    reply = client.get(f"/v1/receipts/{receipt_id}?lang=zh-Hant", headers=resident.headers)

    receipt = reply.json
    assert (reply.status_code, set(receipt)) == (200, RECEIPT)
    assert receipt["bill"] == {"id": bill_id, "number": "W-1", "title": "水費及排污費"}
    assert receipt["department"] == {"id": "WSD", "name": "水務署"}
    assert (receipt["amount_cents"], receipt["currency"]) == (41850, "HKD")
    assert receipt["paid_at"] == "2026-11-23T16:05:09+00:00"
    assert receipt["check_url"] == f"http://127.0.0.1:8000/v1/receipts/check?t={receipt['jws']}"
    assert reply.headers["Cache-Control"] == "no-store"


def test_the_bill_leads_to_its_receipt(client: FlaskClient, resident: Caller, pay: Pay) -> None:
    bill_id, receipt_id = pay(resident)

    by_bill = client.get(f"/v1/bills/{bill_id}/receipt", headers=resident.headers)

    one = client.get(f"/v1/receipts/{receipt_id}", headers=resident.headers)
    assert by_bill.json == one.json


def test_a_bill_that_is_not_paid_has_no_receipt(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill = {"bill_number": "W-2", "kind": "water", "amount_cents": 1, "due_on": "2099-01-01"}
    posted = client.post(
        "/v1/department/bills",
        json={**bill, "resident_id": resident.id},
        headers={**department.headers, "Idempotency-Key": "k"},
    )

    reply = client.get(f"/v1/bills/{posted.json['id']}/receipt", headers=resident.headers)

    assert (reply.status_code, reply.json["code"]) == (404, "receipt_not_found")


def test_receipts_come_in_pages_the_newest_first(
    client: FlaskClient, resident: Caller, pay: Pay
) -> None:
    kept = [pay(resident, f"W-{number}")[1] for number in range(5)]

    seen, address = [], "/v1/receipts?limit=2&lang=zh-Hans"
    while address:
        page = client.get(address, headers=resident.headers).json
        seen += [receipt["id"] for receipt in page["items"]]
        assert {receipt["bill"]["title"] for receipt in page["items"]} == {"水费及排污费"}
        address = page["next"]

    assert sorted(seen) == sorted(kept)
    assert seen == sorted(kept, reverse=True)


def test_a_cursor_that_is_not_ours_is_refused(client: FlaskClient, resident: Caller) -> None:
    for cursor in ("x", "W10", "WyIiLCIiXQ", "e30"):
        reply = client.get(f"/v1/receipts?cursor={cursor}", headers=resident.headers)
        assert (reply.status_code, reply.json["code"]) == (422, "cursor_not_known")


def test_a_neighbours_receipt_looks_like_none(
    client: FlaskClient, resident: Caller, neighbour: Caller, pay: Pay
) -> None:
    bill_id, receipt_id = pay(resident)
    addresses = {
        f"/v1/receipts/{receipt_id}": f"/v1/receipts/{receipt_id[:-4]}0000",
        f"/v1/receipts/{receipt_id}/pdf": f"/v1/receipts/{receipt_id[:-4]}0000/pdf",
        f"/v1/bills/{bill_id}/receipt": f"/v1/bills/{bill_id[:-4]}0000/receipt",
    }

    for foreign, missing in addresses.items():
        replies = [client.get(each, headers=neighbour.headers) for each in (foreign, missing)]
        assert [reply.status_code for reply in replies] == [404, 404]
        assert len({json.dumps({**reply.json, "trace_id": ""}) for reply in replies}) == 1
        assert client.get(foreign).status_code == 401
    assert client.get("/v1/receipts", headers=neighbour.headers).json["items"] == []


def test_a_receipt_stays_when_its_bill_goes_to_another(
    client: FlaskClient, resident: Caller, neighbour: Caller, database: Any, pay: Pay
) -> None:
    bill_id, receipt_id = pay(resident)
    with database.transaction() as db:
        db.connection().exec_driver_sql(
            f"update bills set resident_id = '{neighbour.id}' where id = '{bill_id}'"
        )

    assert client.get(f"/v1/receipts/{receipt_id}", headers=resident.headers).status_code == 200
    assert client.get(f"/v1/bills/{bill_id}/receipt", headers=neighbour.headers).status_code == 404


def test_the_same_receipt_is_not_sent_twice(
    client: FlaskClient, resident: Caller, pay: Pay
) -> None:
    _, receipt_id = pay(resident)
    for address in (f"/v1/receipts/{receipt_id}", f"/v1/receipts/{receipt_id}/pdf"):
        tag = client.get(address, headers=resident.headers).headers["ETag"]

        again = client.get(address, headers={**resident.headers, "If-None-Match": tag})
        other = client.get(
            address + "?lang=zh-Hant", headers={**resident.headers, "If-None-Match": tag}
        )

        assert (again.status_code, other.status_code) == (304, 200)
        assert again.data == b""


def test_a_receipt_is_printed_in_the_language_that_was_asked_for(
    client: FlaskClient, resident: Caller, pay: Pay
) -> None:
    _, receipt_id = pay(resident)
    number = client.get(f"/v1/receipts/{receipt_id}", headers=resident.headers).json["number"]

    printed = set()
    for language in ("en", "zh-Hant", "zh-Hans"):
        reply = client.get(
            f"/v1/receipts/{receipt_id}/pdf",
            headers={**resident.headers, "Accept-Language": language},
        )
        assert (reply.status_code, reply.mimetype) == (200, "application/pdf")
        assert reply.headers["Content-Language"] == language
        assert reply.headers["Content-Disposition"] == f'inline; filename="receipt-{number}.pdf"'
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.data.startswith(b"%PDF-")
        assert len(reply.data) < 100_000
        printed.add(reply.data)
    assert len(printed) == 3


def test_anybody_may_check_a_receipt_and_learns_no_name(
    client: FlaskClient, resident: Caller, pay: Pay
) -> None:
    _, receipt_id = pay(resident)
    receipt = client.get(f"/v1/receipts/{receipt_id}", headers=resident.headers).json

    posted = check(client, receipt["jws"])

    link = urlsplit(receipt["check_url"])
    assert client.get(f"{link.path}?{link.query}").json == posted.json
    assert posted.json["valid"] is True
    stated = posted.json["receipt"]
    assert set(stated) == CHECKED
    assert stated["issuer"] == "http://127.0.0.1:8000"
    assert stated["department"] == {"id": "WSD", "name": "Water Supplies Department"}
    for member in ("number", "amount_cents", "currency", "paid_at", "fps_reference", "issued_at"):
        assert stated[member] == receipt[member]
    payload = base64.urlsafe_b64decode(receipt["jws"].split(".")[1] + "==").decode()
    assert resident.id not in payload
    assert receipt_id not in payload
    assert "Chan" not in payload


def test_a_changed_receipt_is_not_valid(client: FlaskClient, resident: Caller, pay: Pay) -> None:
    _, receipt_id = pay(resident)
    receipt = client.get(f"/v1/receipts/{receipt_id}", headers=resident.headers).json
    head, payload, signature = receipt["jws"].split(".")
    facts = json.loads(base64.urlsafe_b64decode(payload + "=="))
    more = json.dumps({**facts, "amount_cents": 1}, separators=(",", ":")).encode()
    forged = base64.urlsafe_b64encode(more).decode().rstrip("=")

    for token in (f"{head}.{forged}.{signature}", receipt["jws"][:-1], "x", head * 10):
        reply = check(client, token)
        assert (reply.status_code, reply.json) == (200, {"valid": False, "receipt": None})


def test_another_ferrys_receipt_is_not_valid(client: FlaskClient, tmp_path: Path) -> None:
    make_key(tmp_path / "other.pem")
    facts = Facts("x", "R-1", "WSD", "W-1", 1, "HKD", "F", PAID_AT, PAID_AT)

    reply = check(client, KeyFileSigner(tmp_path / "other.pem").sign(claims_of(facts)))

    assert reply.json["valid"] is False


def test_what_we_signed_for_something_else_is_no_receipt(
    client: FlaskClient, receipt_key: Path
) -> None:
    claims = claims_of(Facts("x", "R", "D", "B", 1, "HKD", "F", PAID_AT, PAID_AT))
    signer = KeyFileSigner(receipt_key)

    for odd in ({}, {"iss": "x"}, {**claims, "more": 1}):
        assert check(client, signer.sign(odd)).json["valid"] is False
    assert check(client, signer.sign(claims)).json["valid"] is True


def test_a_question_that_is_none_is_refused(client: FlaskClient) -> None:
    for query in ("", "?t=", "?t=" + "x" * 2001, "?t=a&t=b", "?t=%00", "?x=1", "?t=x&more=1"):
        reply = client.get(f"/v1/receipts/check{query}")
        assert reply.status_code in (400, 422), query
        assert reply.mimetype == "application/problem+json"


def test_a_body_that_asks_nothing_is_refused(client: FlaskClient) -> None:
    odd: list[Any] = ["", "x" * 2001, 1, None, ["x"], {}]
    for body in ({}, {"jws": "x", "t": 1}, *({"jws": value} for value in odd)):
        assert client.post("/v1/receipts/check", json=body).status_code == 422, body


def test_the_keys_are_public_and_may_be_kept_for_a_while(client: FlaskClient) -> None:
    reply = client.get("/v1/receipts/keys")

    assert [key["crv"] for key in reply.json["keys"]] == ["Ed25519"]
    assert reply.headers["Cache-Control"] == "public, max-age=3600"
    assert client.get("/v1/receipts/check?t=x").headers["Cache-Control"] == "no-store"


def test_without_a_key_nothing_is_signed_and_nothing_breaks(
    client: FlaskClient, app: Flask, resident: Caller, pay: Pay
) -> None:
    empty = client.get("/v1/receipts", headers=resident.headers)
    bill_id, receipt_id = pay(resident)
    app.extensions["receipt_signer"] = None

    replies = [
        client.get("/v1/receipts", headers=resident.headers),
        client.get(f"/v1/receipts/{receipt_id}", headers=resident.headers),
        client.get(f"/v1/receipts/{receipt_id}/pdf", headers=resident.headers),
        client.get(f"/v1/bills/{bill_id}/receipt", headers=resident.headers),
        check(client, "x"),
    ]

    assert {(reply.status_code, reply.json["code"]) for reply in replies} == {
        (503, "receipts_not_signed")
    }
    assert empty.json["items"] == []
    assert client.get("/v1/receipts/keys").json == {"keys": []}
