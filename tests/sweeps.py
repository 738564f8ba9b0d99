"""Every operation of Ferry, with a sound request for it: what the sweeps go over.

A sweep asks the URL map for the operations, so a new route without a row here fails at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.core import clock
from backend.core.clock import new_id
from backend.core.database import Database
from backend.notifications import RunPlan, open_push_run
from backend.simulators.bank_events import callback_of
from backend.simulators.bank_script import CallbackFault
from tests.conftest import BANK, Caller
from tests.receipts import keep_receipt

NOBODY, RESIDENT, NEIGHBOUR, REVOKED = "nobody", "resident", "neighbour", "revoked"
GARBAGE, DEPARTMENT, SCOPELESS = "garbage", "department", "scopeless"
ACTORS = (NOBODY, RESIDENT, NEIGHBOUR, REVOKED, GARBAGE, DEPARTMENT, SCOPELESS)

EVERYBODY = dict.fromkeys(ACTORS, 200)
RESIDENTS_ONLY = {
    NOBODY: 401,
    RESIDENT: 200,
    NEIGHBOUR: 200,
    REVOKED: 401,
    GARBAGE: 401,
    DEPARTMENT: 403,
    SCOPELESS: 403,
}
GUESTS = {**RESIDENTS_ONLY, NOBODY: 200}
DEPARTMENTS_ONLY = {
    NOBODY: 401,
    RESIDENT: 403,
    NEIGHBOUR: 403,
    REVOKED: 401,
    GARBAGE: 401,
    DEPARTMENT: 201,
    SCOPELESS: 403,
}


@dataclass(frozen=True)
class Sound:
    """A request that its operation takes, and what each actor is to get for it."""

    expected: dict[str, int]
    path: str
    json: dict[str, Any] | None = None
    form: dict[str, str] | None = None
    text: str | None = None  # of the type that `headers` name
    headers: dict[str, str] = field(default_factory=dict)
    personal: bool = False

    @property
    def actor(self) -> str:
        """Somebody who may."""
        return next(actor for actor in ACTORS if self.expected[actor] < 300)


Key = tuple[str, str]
DEVICE = {"platform": "android", "address": {"kind": "token", "value": "sweep-address-1"}}
BILL = {"bill_number": "S-1", "kind": "water", "amount_cents": 100, "due_on": "2099-01-01"}
NAME_A_RESIDENT = {("POST", "/v1/department/bills"), ("PUT", "/v1/department/bills/<id>")}
LINK = {"department": "WSD", "account_number": "STAGE-77", "proof": {"amount_cents": 100}}
CHOICE = {
    "quiet_from": "23:00",
    "quiet_until": "07:30",
    "shows_details": False,
    "reminds_before": True,
    "reminds_on_day": True,
    "reminds_overdue": True,
    "tells_when_read": False,
}
HOOK = "http://127.0.0.1:9/hook"  # a demo may call itself; nobody listens there
BILL_FILE = (
    "bill_number,kind,amount_cents,due_on,account_number\nS-9,water,1,2099-01-01,7\n#total,1,1\n"
)
NEEDS_A_KEY = {("POST", "/v1/department/bills"), ("POST", "/v1/bills/<id>/payments")}
READ_UP_TO = ("PUT", "/v1/messages/read")
HEAR_BANK = ("POST", "/v1/bank/callbacks")
NEWS = {
    "event_id": "evt_sweep",
    "type": "order.opened",
    "reference": "NOBODY-KNOWS",
    "occurred_at": "2026-11-23T04:05:06Z",
    "transaction": None,
    "reason": None,
}
GRANT = {"grant_type": "client_credentials", "client_id": "{client}", "client_secret": "{secret}"}

SOUND: dict[Key, Sound] = {
    ("GET", "/health/live"): Sound(EVERYBODY, "/health/live"),
    ("GET", "/health/ready"): Sound(EVERYBODY, "/health/ready"),
    ("GET", "/metrics"): Sound(EVERYBODY, "/metrics"),
    ("GET", "/docs"): Sound(EVERYBODY, "/docs"),
    ("GET", "/docs/<name>"): Sound(EVERYBODY, "/docs/start.js"),
    ("GET", "/openapi.json"): Sound(EVERYBODY, "/openapi.json"),
    ("GET", "/v1/services"): Sound(EVERYBODY, "/v1/services?theme=bills&limit=2"),
    ("GET", "/v1/services/<id>"): Sound(EVERYBODY, "/v1/services/wsd-pay"),
    ("GET", "/v1/services/search"): Sound(EVERYBODY, "/v1/services/search?q=water"),
    ("GET", "/v1/themes"): Sound(EVERYBODY, "/v1/themes"),
    ("GET", "/v1/departments"): Sound(EVERYBODY, "/v1/departments"),
    ("POST", "/v1/assistant/questions"): Sound(
        GUESTS, "/v1/assistant/questions", json={"text": "交水費"}, personal=True
    ),
    ("POST", "/v1/assistant/conversations"): Sound(
        {**GUESTS, NOBODY: 201, RESIDENT: 201, NEIGHBOUR: 201},
        "/v1/assistant/conversations",
        json={"text": "交水費"},
        personal=True,
    ),
    ("POST", "/v1/assistant/conversations/<id>/turns"): Sound(
        {**GUESTS, NOBODY: 404, NEIGHBOUR: 404},
        "/v1/assistant/conversations/{conversation}/turns",
        json={"text": "交水費"},
        personal=True,
    ),
    ("DELETE", "/v1/assistant/conversations/<id>"): Sound(
        {**GUESTS, NOBODY: 404, RESIDENT: 204, NEIGHBOUR: 404},
        "/v1/assistant/conversations/{conversation}",
        personal=True,
    ),
    ("GET", "/v1/assistant/suggestions"): Sound(
        EVERYBODY, "/v1/assistant/suggestions?q=water", personal=True
    ),
    ("POST", "/v1/assistant/feedback"): Sound(
        dict.fromkeys(ACTORS, 204),
        "/v1/assistant/feedback",
        json={"text": "交水費", "service": "wsd-pay", "helpful": True},
        personal=True,
    ),
    ("POST", "/v1/sessions"): Sound(
        dict.fromkeys(ACTORS, 201),
        "/v1/sessions",
        json={"provider": "demo", "proof": "alex-morgan"},
        personal=True,
    ),
    ("DELETE", "/v1/sessions/current"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 204, NEIGHBOUR: 204}, "/v1/sessions/current", personal=True
    ),
    ("PUT", "/v1/devices/<id>"): Sound(
        RESIDENTS_ONLY, "/v1/devices/sweep-phone", json=DEVICE, personal=True
    ),
    ("DELETE", "/v1/devices/<id>"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 204, NEIGHBOUR: 404}, "/v1/devices/{device}", personal=True
    ),
    ("GET", "/v1/messages"): Sound(
        RESIDENTS_ONLY, "/v1/messages?state=unread&department=WSD", personal=True
    ),
    ("GET", "/v1/messages/changes"): Sound(
        RESIDENTS_ONLY, "/v1/messages/changes?limit=2", personal=True
    ),
    ("GET", "/v1/messages/stream"): Sound(RESIDENTS_ONLY, "/v1/messages/stream", personal=True),
    ("PUT", "/v1/messages/read"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/messages/read", json={}, personal=True
    ),
    ("PUT", "/v1/messages/<id>/read"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/messages/{message}/read", personal=True
    ),
    ("DELETE", "/v1/messages/<id>/read"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 204, NEIGHBOUR: 404},
        "/v1/messages/{message}/read",
        personal=True,
    ),
    ("PUT", "/v1/messages/<id>/archived"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/messages/{message}/archived", personal=True
    ),
    ("DELETE", "/v1/messages/<id>/archived"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 204, NEIGHBOUR: 404},
        "/v1/messages/{message}/archived",
        personal=True,
    ),
    ("GET", "/v1/messages/verify/<id>"): Sound(
        EVERYBODY, "/v1/messages/verify/{code}", personal=True
    ),
    ("GET", "/v1/notifications/preferences"): Sound(
        RESIDENTS_ONLY, "/v1/notifications/preferences", personal=True
    ),
    ("PUT", "/v1/notifications/preferences"): Sound(
        RESIDENTS_ONLY, "/v1/notifications/preferences", json=CHOICE, personal=True
    ),
    ("GET", "/v1/notifications/mutes"): Sound(
        RESIDENTS_ONLY, "/v1/notifications/mutes", personal=True
    ),
    ("PUT", "/v1/notifications/mutes/<id>"): Sound(
        RESIDENTS_ONLY, "/v1/notifications/mutes/WSD", personal=True
    ),
    ("DELETE", "/v1/notifications/mutes/<id>"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 204, NEIGHBOUR: 204},
        "/v1/notifications/mutes/WSD",
        personal=True,
    ),
    ("GET", "/v1/home"): Sound(RESIDENTS_ONLY, "/v1/home", personal=True),
    ("GET", "/v1/favourites"): Sound(RESIDENTS_ONLY, "/v1/favourites", personal=True),
    ("PUT", "/v1/favourites/<id>"): Sound(RESIDENTS_ONLY, "/v1/favourites/wsd-pay", personal=True),
    ("DELETE", "/v1/favourites/<id>"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 204, NEIGHBOUR: 204},
        "/v1/favourites/wsd-pay",
        personal=True,
    ),
    ("POST", "/v1/account-links"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 422},
        "/v1/account-links",
        json=LINK,
        headers={"Idempotency-Key": "sweep-link"},
        personal=True,
    ),
    ("GET", "/v1/account-links"): Sound(RESIDENTS_ONLY, "/v1/account-links", personal=True),
    ("DELETE", "/v1/account-links/<id>"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 204, NEIGHBOUR: 404},
        "/v1/account-links/{link}",
        personal=True,
    ),
    ("POST", "/v1/calendar"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 201, NEIGHBOUR: 201}, "/v1/calendar", personal=True
    ),
    ("GET", "/v1/calendar"): Sound(RESIDENTS_ONLY, "/v1/calendar", personal=True),
    ("DELETE", "/v1/calendar"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 204, NEIGHBOUR: 204}, "/v1/calendar", personal=True
    ),
    ("GET", "/v1/calendar/<id>.ics"): Sound(EVERYBODY, "/v1/calendar/{feed}.ics", personal=True),
    ("GET", "/v1/bills"): Sound(RESIDENTS_ONLY, "/v1/bills", personal=True),
    ("GET", "/v1/bills/<id>"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/bills/{bill}", personal=True
    ),
    ("POST", "/v1/department/bill-runs"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 202},
        "/v1/department/bill-runs",
        text=BILL_FILE,
        headers={"Content-Type": "text/csv"},
        personal=True,
    ),
    ("GET", "/v1/department/bill-runs"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200}, "/v1/department/bill-runs", personal=True
    ),
    ("GET", "/v1/department/bill-runs/<id>"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200}, "/v1/department/bill-runs/{run}", personal=True
    ),
    ("POST", "/v1/department/bill-runs/<id>/pause"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200}, "/v1/department/bill-runs/{run}/pause", personal=True
    ),
    ("POST", "/v1/department/bill-runs/<id>/resume"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/bill-runs/{run}/resume",
        personal=True,
    ),
    ("POST", "/v1/department/bill-runs/<id>/cancel"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/bill-runs/{run}/cancel",
        json={"withdraw_posted": True},
        personal=True,
    ),
    ("GET", "/v1/department/bill-runs/<id>/pushes"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/bill-runs/{push_run}/pushes",
        personal=True,
    ),
    ("POST", "/v1/department/bill-runs/<id>/pushes/approve"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/bill-runs/{push_run}/pushes/approve",
        personal=True,
    ),
    ("POST", "/v1/department/bill-runs/<id>/pushes/pause"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/bill-runs/{push_run}/pushes/pause",
        personal=True,
    ),
    ("POST", "/v1/department/bill-runs/<id>/pushes/resume"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/bill-runs/{push_run}/pushes/resume",
        personal=True,
    ),
    ("POST", "/v1/department/bill-runs/<id>/pushes/cancel"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/bill-runs/{push_run}/pushes/cancel",
        personal=True,
    ),
    ("POST", "/v1/department/token"): Sound(
        EVERYBODY, "/v1/department/token", form=GRANT, personal=True
    ),
    ("GET", "/v1/bills/<id>/receipt"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/bills/{paid_bill}/receipt", personal=True
    ),
    ("POST", "/v1/bills/<id>/payments"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/bills/{bill_in_hand}/payments", personal=True
    ),
    ("GET", "/v1/bills/<id>/payments"): Sound(
        RESIDENTS_ONLY, "/v1/bills/{bill_in_hand}/payments", personal=True
    ),
    ("GET", "/v1/payments/<id>"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/payments/{payment}", personal=True
    ),
    ("GET", "/v1/payments/<id>/code.svg"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/payments/{payment}/code.svg", personal=True
    ),
    ("GET", "/v1/payments/<id>/code.png"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/payments/{payment}/code.png", personal=True
    ),
    ("POST", "/v1/payments/<id>/cancellation"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/payments/{payment}/cancellation", personal=True
    ),
    HEAR_BANK: Sound(dict.fromkeys(ACTORS, 204), "/v1/bank/callbacks", personal=True),
    ("GET", "/v1/receipts"): Sound(RESIDENTS_ONLY, "/v1/receipts", personal=True),
    ("GET", "/v1/receipts/<id>"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/receipts/{receipt}", personal=True
    ),
    ("GET", "/v1/receipts/<id>/pdf"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404}, "/v1/receipts/{receipt}/pdf", personal=True
    ),
    ("GET", "/v1/receipts/check"): Sound(EVERYBODY, "/v1/receipts/check?t={signed}", personal=True),
    ("POST", "/v1/receipts/check"): Sound(
        EVERYBODY, "/v1/receipts/check", json={"jws": "a.b.c"}, personal=True
    ),
    ("GET", "/v1/receipts/keys"): Sound(EVERYBODY, "/v1/receipts/keys"),
    ("GET", "/v1/bills/years"): Sound(RESIDENTS_ONLY, "/v1/bills/years", personal=True),
    ("GET", "/v1/bills/total"): Sound(RESIDENTS_ONLY, "/v1/bills/total", personal=True),
    ("PUT", "/v1/bills/<id>/later"): Sound(
        {**RESIDENTS_ONLY, NEIGHBOUR: 404},
        "/v1/bills/{bill}/later",
        json={"until": f"{clock.hong_kong_date(clock.now()) + timedelta(days=9)}"},
        personal=True,
    ),
    ("DELETE", "/v1/bills/<id>/later"): Sound(
        {**RESIDENTS_ONLY, RESIDENT: 204, NEIGHBOUR: 404}, "/v1/bills/{bill}/later", personal=True
    ),
    ("POST", "/v1/department/bills"): Sound(
        DEPARTMENTS_ONLY, "/v1/department/bills", json=BILL, personal=True
    ),
    ("GET", "/v1/department/bills"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200}, "/v1/department/bills", personal=True
    ),
    ("GET", "/v1/department/bills/<id>"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200}, "/v1/department/bills/{bill}", personal=True
    ),
    ("PUT", "/v1/department/bills/<id>"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/bills/{bill}",
        json={**BILL, "bill_number": "STAGE"},
        personal=True,
    ),
    ("GET", "/v1/department/bills/<id>/messages"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200}, "/v1/department/bills/{bill}/messages", personal=True
    ),
    ("POST", "/v1/department/bills/<id>/withdrawal"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/bills/{bill}/withdrawal",
        json={"reason": "Posted twice"},
        personal=True,
    ),
    ("PUT", "/v1/department/webhook"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/webhook",
        json={"url": HOOK},
        personal=True,
    ),
    ("GET", "/v1/department/webhook"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200}, "/v1/department/webhook", personal=True
    ),
    ("DELETE", "/v1/department/webhook"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 204}, "/v1/department/webhook", personal=True
    ),
    ("POST", "/v1/department/webhook/secret"): Sound(
        DEPARTMENTS_ONLY,
        "/v1/department/webhook/secret",
        headers={"Idempotency-Key": "sweep-secret"},
        personal=True,
    ),
    ("POST", "/v1/department/webhook/test"): Sound(
        DEPARTMENTS_ONLY,
        "/v1/department/webhook/test",
        headers={"Idempotency-Key": "sweep-test"},
        personal=True,
    ),
    ("GET", "/v1/department/events"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/events?type=ping&limit=2",
        personal=True,
    ),
    ("GET", "/v1/department/events/<id>"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200}, "/v1/department/events/{event}", personal=True
    ),
    ("POST", "/v1/department/events/<id>/replay"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/events/{event}/replay",
        personal=True,
    ),
    ("POST", "/v1/department/events/replay"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/events/replay",
        json={"since": "2026-01-01T00:00:00Z"},
        personal=True,
    ),
    ("GET", "/v1/department/settlements/<id>"): Sound(
        {**DEPARTMENTS_ONLY, DEPARTMENT: 200},
        "/v1/department/settlements/2026-11-20",
        personal=True,
    ),
}


def operations(app: Flask) -> Iterator[Key]:
    """Yield (method, path with its places named alike) of every route, HEAD and OPTIONS aside."""
    for rule in app.url_map.iter_rules():
        path = "".join(
            part if is_static else ("<name>" if "any(" in rule.rule else "<id>")
            for is_static, part in _parts(rule.rule)
        )
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, path


def _parts(rule: str) -> Iterator[tuple[bool, str]]:
    while "<" in rule:
        before, _, rest = rule.partition("<")
        _, _, rule = rest.partition(">")
        yield True, before
        yield False, ""
    yield True, rule


@dataclass(frozen=True)
class Stage:
    """A small town: who is there, and the values that fill the places of a sound request."""

    client: FlaskClient
    callers: dict[str, Caller]
    values: dict[str, str]
    app: Flask

    def send(self, key: Key, actor: str, **changes: Any) -> Any:
        """Send the sound request of an operation as somebody; `query` is put behind its address.

        Other `changes` go to the client as they are.
        """
        sound = SOUND[key]
        caller = self.callers[actor]
        arguments: dict[str, Any] = {
            "method": key[0],
            "headers": {**caller.headers, **sound.headers, **self._key_of_create(key)},
        }
        if sound.json is not None:
            arguments["json"] = {**sound.json, **self._owner(key), **self._up_to(key)}
        if sound.form is not None:
            arguments["data"] = {
                name: value.format(**self.values) for name, value in sound.form.items()
            }
        if sound.text is not None and not {"data", "content_type"} & changes.keys():
            arguments["data"] = sound.text
        if key == HEAR_BANK:
            seconds = int(clock.now().timestamp())
            signed, arguments["data"] = callback_of(
                NEWS, BANK.callback_keys, CallbackFault(), seconds
            )
            arguments["headers"] |= signed
        headers = {**arguments["headers"], **changes.pop("headers", {})}
        if "content_type" in changes:
            headers.pop("Content-Type", None)
        if "data" in changes:
            arguments.pop("json", None)
        path = sound.path.format(**self.values)
        query = changes.pop("query", "")
        path += ("&" if "?" in path else "?") + query if query else ""
        reply = self.client.open(path, **{**arguments, **changes, "headers": headers})
        if reply.mimetype == "text/event-stream":
            reply.close()  # nobody listens on, and a session has one at a time
        return reply

    def _key_of_create(self, key: Key) -> dict[str, str]:
        return {"Idempotency-Key": "sweep"} if key in NEEDS_A_KEY else {}

    def _owner(self, key: Key) -> dict[str, str]:
        return {"resident_id": self.callers[RESIDENT].id} if key in NAME_A_RESIDENT else {}

    def _up_to(self, key: Key) -> dict[str, str]:
        return {"up_to": self.values["message"]} if key == READ_UP_TO else {}


def begin_payment(client: FlaskClient, resident: Caller, bill_id: str) -> str:
    """Ask for a code to pay a bill with; return the payment's id."""
    headers = {**resident.headers, "Idempotency-Key": "stage-payment"}
    begun = client.post(f"/v1/bills/{bill_id}/payments", headers=headers)
    return str(begun.json["id"])


def link_account(client: FlaskClient, department: Caller, resident: Caller) -> str:
    """Post a bill on an account and link that; return the link's id."""
    on_account = {**BILL, "bill_number": "STAGE-77", "account_number": LINK["account_number"]}
    key = {"Idempotency-Key": "stage-link"}
    client.post("/v1/department/bills", json=on_account, headers={**department.headers, **key})
    link = client.post("/v1/account-links", json=LINK, headers={**resident.headers, **key}).json
    return str(link["id"])


def open_calendar(client: FlaskClient, resident: Caller) -> str:
    """Give a resident's calendar an address; return its token."""
    url: str = client.post("/v1/calendar", headers=resident.headers).json["url"]
    return url.rpartition("/")[2].removesuffix(".ics")


def open_pushes(database: Database) -> str:
    """Open the pushes of a bill run that two must let go; return its id."""
    plan = RunPlan(new_id("run"), "WSD", bills=10_001)
    with database.transaction() as db:
        return open_push_run(db, plan, clock.now()).id


@pytest.fixture
def stage(
    app: Flask,
    client: FlaskClient,
    sign_in: Callable[[str], Caller],
    make_department: Callable[[str, frozenset[str]], Caller],
    department_credentials: tuple[str, str],
    database: Database,
) -> Stage:
    """Set the stage: a resident with a phone, a bill and a conversation, a neighbour, departments."""
    resident, department = sign_in("chan-sau-ying"), make_department("WSD", frozenset({"bills"}))
    revoked = sign_in("li-xiaoyu")
    client.delete("/v1/sessions/current", headers=revoked.headers)
    callers = {
        NOBODY: Caller("", {}),
        RESIDENT: resident,
        NEIGHBOUR: sign_in("wong-ka-ming"),
        REVOKED: revoked,
        GARBAGE: Caller("", {"Authorization": "Bearer frt_" + "x" * 43}),
        DEPARTMENT: department,
        SCOPELESS: make_department("RVD", frozenset()),
    }
    address = {"kind": "token", "value": "stage-address"}
    phone = {"platform": "ios", "address": address}
    client.put("/v1/devices/stage-phone", json=phone, headers=resident.headers)
    bill = client.post(
        "/v1/department/bills",
        json={**BILL, "bill_number": "STAGE", "resident_id": resident.id},
        headers={**department.headers, "Idempotency-Key": "stage"},
    ).json
    paid_bill = client.post(
        "/v1/department/bills",
        json={**BILL, "bill_number": "STAGE-PAID", "resident_id": resident.id},
        headers={**department.headers, "Idempotency-Key": "stage-paid"},
    ).json["id"]
    bill_in_hand = client.post(
        "/v1/department/bills",
        json={**BILL, "bill_number": "STAGE-IN-HAND", "resident_id": resident.id},
        headers={**department.headers, "Idempotency-Key": "stage-in-hand"},
    ).json["id"]
    message = client.get("/v1/messages", headers=resident.headers).json["items"][0]
    receipt = keep_receipt(database, paid_bill, resident.id)
    signed = client.get(f"/v1/receipts/{receipt}", headers=resident.headers).json["jws"]
    client_id, secret = department_credentials
    conversation = client.post(
        "/v1/assistant/conversations", json={}, headers=resident.headers
    ).json
    client.put("/v1/department/webhook", json={"url": HOOK}, headers=department.headers)
    event = client.post(
        "/v1/department/webhook/test",
        headers={**department.headers, "Idempotency-Key": "stage-ping"},
    ).json
    run = client.post(
        "/v1/department/bill-runs",
        data=BILL_FILE.replace("S-9", "S-8"),
        headers={**department.headers, "Content-Type": "text/csv"},
    ).json
    values = {
        "run": run["id"],
        "push_run": open_pushes(database),
        "link": link_account(client, department, resident),
        "feed": open_calendar(client, resident),
        "event": event["id"],
        "message": message["id"],
        "code": message["check_code"],
        "bill": bill["id"],
        "bill_in_hand": bill_in_hand,
        "payment": begin_payment(client, resident, bill_in_hand),
        "paid_bill": paid_bill,
        "receipt": receipt,
        "signed": signed,
        "conversation": conversation["id"],
        "device": "stage-phone",
        "client": client_id,
        "secret": secret,
    }
    return Stage(client, callers, values, app)
