"""Calling an address that somebody else chose: where we go, where we never go, and for how long."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.gateways import webhooks
from backend.gateways.webhook_address import AddressNotAllowed, target_of
from backend.gateways.webhooks import Answer, Call, HttpWebhooks, Outcome
from tests.departments.webhooks.receiving import Receiver, receiving

# Addresses that are not for the public: RFC 6890 and its successors' tables.
INSIDE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1"),
    *("172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255"),
    *("192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1"),
    *("fc00::1", "fd12:3456::1", "fe80::1", "ff02::1", "100::1"),
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "100.63.255.255", "2606:4700:4700::1111", "::ffff:1.1.1.1"]
LOOPBACK_NAMES = ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost"]


def one(caller: HttpWebhooks, url: str) -> Answer:
    [[answer]] = caller.call([[Call(url, {"webhook-id": "evt_1"}, b"{}")]], 5)
    return answer


def literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def demo() -> Iterator[HttpWebhooks]:
    caller = HttpWebhooks(is_demo=True)
    yield caller
    caller.close()


@pytest.fixture
def production() -> Iterator[HttpWebhooks]:
    caller = HttpWebhooks(is_demo=False)
    yield caller
    caller.close()


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name resolve to these addresses; return the list of what was asked."""
    asked: list[str] = []

    async def getaddrinfo(_loop: Any, host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_our_walls_is_never_called(
    production: HttpWebhooks, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with pytest.raises(AddressNotAllowed):
        target_of(f"https://{literal(address)}/", is_demo=False)
    resolving_to(monkeypatch, address)

    answer = one(production, "https://hooks.example/")

    assert answer == Answer(Outcome.TRY_LATER, "not a public address")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_set(address: str) -> None:
    assert target_of(f"https://{literal(address)}/x", is_demo=False).port == 443


def test_a_name_with_one_public_and_one_private_address_is_not_called(
    production: HttpWebhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving_to(monkeypatch, "1.1.1.1", "10.0.0.1")

    assert one(production, "https://hooks.example/").reason == "not a public address"


@pytest.mark.parametrize("name", LOOPBACK_NAMES)
def test_other_spellings_of_loopback_lead_nowhere_in_production(
    production: HttpWebhooks, name: str, receiver: Receiver
) -> None:
    port = receiver.url.rpartition(":")[2]

    answer = one(production, f"https://{name}:{port}/hook")

    assert answer.outcome is Outcome.TRY_LATER
    assert receiver.received == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "http://1.1.1.1/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "//hooks.example/",
        "https://",
        "https:///x",
        "https://user@hooks.example/",
        "https://user:secret@hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example:x/",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nHost: inside",
        "https://hooks.exämple/",
        "https://１２７.0.0.1/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://hooks_example\\@127.0.0.1/",
        "https://" + "a" * 600,
        "",
    ],
)
def test_what_is_no_public_https_address_is_refused(url: str) -> None:
    with pytest.raises(AddressNotAllowed):
        target_of(url, is_demo=False)


def test_a_demo_may_call_itself_and_nobody_else_without_tls(
    demo: HttpWebhooks, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    assert one(demo, f"{receiver.url}/hook") == Answer(Outcome.TAKEN)

    resolving_to(monkeypatch, "1.1.1.1")

    assert one(demo, "http://hooks.localhost/").reason == "not a public address"


def test_the_address_that_was_checked_is_the_one_that_is_called(
    demo: HttpWebhooks, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    asked = resolving_to(monkeypatch, "127.0.0.1")
    port = receiver.url.rpartition(":")[2]

    answer = one(demo, f"http://hooks.localhost:{port}/hook?x=1")

    assert answer.outcome is Outcome.TAKEN
    assert asked == ["hooks.localhost"]
    [received] = receiver.received
    assert received.headers["host"] == f"hooks.localhost:{port}"
    assert received.path == "/hook?x=1"


def test_proxies_and_netrc_of_the_environment_are_not_heeded(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    caller = HttpWebhooks(is_demo=True)

    answer = one(caller, f"{receiver.url}/hook")

    caller.close()
    assert answer.outcome is Outcome.TAKEN
    assert "authorization" not in receiver.received[0].headers


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ({"status": 200, "body_bytes": 10}, Answer(Outcome.TAKEN)),
        ({"status": 299}, Answer(Outcome.TAKEN)),
        ({"status": 410}, Answer(Outcome.GONE, "status 410")),
        ({"status": 400}, Answer(Outcome.TRY_LATER, "status 400")),
        ({"status": 307, "headers": {"Location": "/x"}}, Answer(Outcome.TRY_LATER, "status 307")),
        (
            {"status": 503, "headers": {"Retry-After": "7"}},
            Answer(Outcome.TRY_LATER, "status 503", 7),
        ),
        (
            {"status": 503, "headers": {"Retry-After": "9" * 9}},
            Answer(Outcome.TRY_LATER, "status 503", 3600),
        ),
        (
            {"status": 503, "headers": {"Retry-After": "9" * 5000}},
            Answer(Outcome.TRY_LATER, "status 503"),
        ),
        (
            {"status": 503, "headers": {"Retry-After": "soon"}},
            Answer(Outcome.TRY_LATER, "status 503"),
        ),
        ({"raw": b"\x00\xff\r\n\r\n"}, Answer(Outcome.TRY_LATER, "RemoteProtocolError")),
        ({"raw": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000}, None),
    ],
    ids=str,
)
def test_an_answer_is_read_for_its_status_alone(
    demo: HttpWebhooks, receiver: Receiver, how: dict[str, Any], answer: Answer | None
) -> None:
    receiver.script["/hook"] = [how]

    got = one(demo, f"{receiver.url}/hook")

    assert got == answer if answer else got.outcome is Outcome.TRY_LATER
    assert receiver.at("/x") == []


@pytest.mark.slow
def test_a_reply_without_end_is_cut(demo: HttpWebhooks, receiver: Receiver) -> None:
    receiver.script["/hook"] = [
        {"status": 200, "body_bytes": 10_000_000, "chunk": 1000, "pause": 0.001}
    ]

    began = time.monotonic()
    answer = one(demo, f"{receiver.url}/hook")

    assert answer.outcome is Outcome.TAKEN
    assert time.monotonic() - began < 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", [{"hold": True}, {"status": 200, "body_bytes": 1000, "chunk": 1, "pause": 0.1}], ids=str
)
def test_a_call_ends_in_time_however_slowly_its_bytes_trickle(
    demo: HttpWebhooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any]
) -> None:
    monkeypatch.setattr(webhooks, "CALL_SECONDS", 0.5)
    receiver.script["/hook"] = [how]

    answer = one(demo, f"{receiver.url}/hook")

    assert answer == Answer(Outcome.TRY_LATER, "no answer in time")


@pytest.mark.slow
def test_departments_are_called_side_by_side_and_each_in_turn(
    demo: HttpWebhooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "CALL_SECONDS", 0.5)
    receiver.script["/dead"] = [{"hold": True}] * 10
    queues = [
        [Call(f"{receiver.url}/{path}", {"webhook-id": f"evt_{n}"}, b"{}") for n in range(3)]
        for path in ("dead", "well")
    ]

    dead, well = demo.call(queues, 5)

    assert [each.outcome for each in dead] == ["try_later", "untried", "untried"]
    assert [each.outcome for each in well] == ["taken"] * 3
    assert [each.id for each in receiver.at("/well")] == ["evt_0", "evt_1", "evt_2"]


def test_no_call_begins_when_the_time_is_over(demo: HttpWebhooks, receiver: Receiver) -> None:
    [[answer]] = demo.call([[Call(f"{receiver.url}/hook", {}, b"{}")]], 0)

    assert answer.outcome is Outcome.UNTRIED
    assert receiver.received == []


def test_nobody_listening_and_a_name_of_nothing_are_no_crash(
    demo: HttpWebhooks, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    assert one(demo, f"http://127.0.0.1:{free_port}/").reason == "ConnectError"

    async def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    assert one(demo, "https://hooks.example/").reason == "gaierror"


@pytest.mark.slow
def test_tls_is_checked_for_the_name_and_not_for_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, served = certificate_for("hooks.example", tmp_path)
    resolving_to(monkeypatch, "127.0.0.1")
    caller, stranger = HttpWebhooks(is_demo=True, tls=trusted), HttpWebhooks(is_demo=True)

    with receiving(served) as receiver:
        port = receiver.url.rpartition(":")[2]
        right = one(caller, f"https://hooks.example:{port}/hook")
        wrong_name = one(caller, f"https://other.example:{port}/hook")
        not_trusted = one(stranger, f"https://hooks.example:{port}/hook")

    caller.close()
    stranger.close()
    assert right == Answer(Outcome.TAKEN)
    assert [wrong_name.reason, not_trusted.reason] == ["ConnectError", "ConnectError"]
    assert len(receiver.received) == 1


def certificate_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate of its own; return who trusts it and who shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(file)
    return ssl.create_default_context(cafile=str(file)), served
