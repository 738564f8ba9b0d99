"""The simulated bank's page: what a code asks for, a button, and a receipt; on a phone, without scripts."""

import re
import subprocess
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from backend.gateways.bank import Order
from backend.gateways.bank_client import HttpBank
from backend.payments.fps_qr import code_to_pay
from backend.simulators.bank import BankKeys, make_bank
from backend.simulators.bank_qr import CodeRefused, checksum, read_code
from tests.core.together import together
from tests.simulators.bank_desk import BankDesk
from tests.simulators.bank_keys import API_KEY, CALLBACK_KEYS
from tests.test_page import QUIET, browser

__all__ = ["browser"]  # a fixture
SOON = datetime.now(UTC) + timedelta(minutes=30)
# The placeholders of the issue, none of them to be paid.
PAYABLE = (
    "00020101021226270012hk.com.hkicl0207999999952040000530334454031235802HK5902NA6002HK6304D1A3",
    "00020101021126270012hk.com.hkicl020799999995204000053033445802HK5902NA6002HK6304B971",
    (
        "00020101021226430012hk.com.hkicl01030040416BILL@EXAMPLE.COM5204000053033445407"
        "1000.005802HK5902NA6002HK62150105DN1230502R16304F5A7"
    ),
    (
        "00020101021226330012hk.com.hkicl0313+852-678912345204000053033445405100.5"
        "5802HK5914company_1_data6002HK62170513INV/TEST/000263049E64"
    ),
)


def code(**changes: Any) -> str:
    """A payment code as Ferry writes it."""
    asked: dict[str, Any] = {
        "amount_cents": 48630,
        "currency": "HKD",
        "bill_number": "WSD-1",
        "reference": "P1",
        "expires_at": SOON,
    }
    return code_to_pay("DEMOFERRY", "DEMO", is_demo=True, **{**asked, **changes})


def signed(body: str) -> str:
    """A code of other fields, with a right checksum."""
    return f"{body}6304{checksum(body + '6304')}"


OPEN_AMOUNT = signed(
    "00020101021126290012hk.com.hkicl0209DEMOFERRY5303344" + "5802HK5904DEMO6002HK"
)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return make_bank(tmp_path / "bank.log", BankKeys(frozenset({API_KEY}), CALLBACK_KEYS))[
        0
    ].test_client()


@pytest.fixture
def show(client: Client) -> Callable[..., TestResponse]:
    def showing(text: str, language: str = "en") -> TestResponse:
        return client.get("/pay", query_string={"qr": text, "lang": language})

    return showing


def words_of(reply: TestResponse) -> str:
    """What somebody reads on the page."""
    body = reply.text.partition("<body>")[2]
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", " ", body)))


def test_our_codes_are_read_by_the_banks_own_reader() -> None:
    asked = read_code(code())

    assert (asked.payee, asked.payee_name) == ("DEMOFERRY", "DEMO")
    assert (asked.amount_cents, asked.currency) == (48630, "HKD")
    assert (asked.bill_number, asked.reference) == ("WSD-1", "P1")
    assert asked.expires_at == SOON.replace(microsecond=0)


def test_the_checksum_is_the_one_of_the_field() -> None:
    assert checksum("123456789") == "29B1"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (code()[:-1] + ("0" if code()[-1] != "0" else "1"), "code_broken"),
        (code().replace("486.3", "486.4"), "code_broken"),
        (code()[:-8], "code_broken"),
        ("", "code_broken"),
        ("hello", "code_broken"),
        ("6304", "code_broken"),
        (signed("0002010"), "code_broken"),
        (signed("000201" * 2), "code_broken"),
        (signed("000201"), "code_not_fps"),
        (signed("00020126170013com.some.visa"), "code_not_fps"),
        (signed(OPEN_AMOUNT[:-8] + "54010"), "amount_odd"),
        (signed(OPEN_AMOUNT[:-8] + "54051.234"), "amount_odd"),
        (signed(OPEN_AMOUNT[:-8] + "54021e"), "amount_odd"),
        (signed(OPEN_AMOUNT[:-8].replace("5303344", "5303840")), "code_broken"),
        *((each, "payee_not_void") for each in PAYABLE),
    ],
)
def test_a_code_that_is_off_or_could_be_real_is_refused(text: str, why: str) -> None:
    with pytest.raises(CodeRefused) as refused:
        read_code(text)

    assert refused.value.code == why


@pytest.mark.parametrize(
    ("language", "banner", "title"),
    [
        ("en", "SIMULATOR: no real money", "Pay a bill by FPS"),
        ("zh-Hant", "模擬系統：這裏沒有真實款項", "以轉數快繳付帳單"),
        ("zh-Hans", "模拟系统：这里没有真实款项", "以转数快缴付账单"),
    ],
)
def test_a_resident_sees_what_is_asked_in_their_language(
    show: Callable[..., TestResponse], language: str, banner: str, title: str
) -> None:
    reply = show(code(), language)

    assert f'<html lang="{language}">' in reply.text
    assert reply.headers["Content-Language"] == language
    seen = words_of(reply)
    for expected in (banner, title, "HK$486.30", "WSD-1", "DEMO (DEMOFERRY)"):
        assert expected in seen


def test_the_language_may_be_the_browsers(client: Client) -> None:
    reply = client.get("/", headers={"Accept-Language": "fr, zh-CN;q=0.8, en;q=0.5"})

    assert reply.headers["Content-Language"] == "zh-Hans"


def test_a_tap_pays_and_shows_the_reference(client: Client, tmp_path: Path) -> None:
    reply = client.post("/pay", data={"qr": code(), "lang": "en"})

    assert reply.status_code == 200
    assert re.search(r"FRN\d{8}PAYD\d{10}", words_of(reply))
    assert "HK$486.30" in words_of(client.get("/"))
    assert (tmp_path / "bank.log").read_text().count('"kind": "payment"') == 1


@pytest.mark.parametrize("is_known", [True, False], ids=["order", "no order yet"])
@pytest.mark.parametrize("text", [code(), OPEN_AMOUNT], ids=["dynamic", "static"])
def test_a_double_tap_pays_once_and_shows_the_same_receipt(
    client: Client, tmp_path: Path, is_known: bool, text: str
) -> None:
    if is_known:
        order_at(client)
    page = client.get("/pay", query_string={"qr": text})
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    form = {name: unescape(value) for name, value in form.items()} | {"amount": "12.50"}

    taps = [client.post("/pay", data=form) for _ in range(2)]
    taps += together(4, lambda _: client.post("/pay", data=form))

    assert {reply.status_code for reply in taps} == {200}
    assert len({words_of(reply) for reply in taps}) == 1
    assert (tmp_path / "bank.log").read_text().count('"kind": "payment"') == 1


def test_a_code_of_one_payment_is_paid_once_by_the_same_bare_form(
    client: Client, tmp_path: Path
) -> None:
    replies = [client.post("/pay", data={"qr": code()}) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [200, 200]
    assert (tmp_path / "bank.log").read_text().count('"kind": "payment"') == 1


def test_a_code_that_names_no_payment_may_be_paid_again_from_another_page(
    client: Client, tmp_path: Path
) -> None:
    for _ in range(2):
        page = client.get("/pay", query_string={"qr": OPEN_AMOUNT})
        [tap] = re.findall(r'name="tap" value="(\w+)"', page.text)
        client.post("/pay", data={"qr": OPEN_AMOUNT, "amount": "1", "tap": tap})

    assert (tmp_path / "bank.log").read_text().count('"kind": "payment"') == 2


def test_whoever_comes_back_later_is_told_that_it_was_paid(client: Client) -> None:
    order_at(client)
    client.post("/pay", data={"qr": code()})

    reply = client.get("/pay", query_string={"qr": code()})

    assert reply.status_code == 409
    assert "paid already" in words_of(reply)
    assert "<button" not in reply.text


def order_at(client: Client) -> None:
    """Have the bank expect the code's payment."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    order = {"bill_number": "WSD-1", "amount_cents": 48630, "currency": "HKD"}
    client.put("/v1/orders/P1", json={**order, "expires_at": SOON.isoformat()}, headers=headers)


def test_what_is_over_shows_why_and_no_button(show: Callable[..., TestResponse]) -> None:
    reply = show(code(expires_at=datetime.now(UTC) - timedelta(seconds=5)))

    assert reply.status_code == 409
    assert "has expired" in words_of(reply)
    assert "<button" not in reply.text


def test_money_for_what_the_bank_never_heard_of_is_credited_all_the_same(client: Client) -> None:
    reply = client.post("/pay", json={"qr": code(reference="UNHEARD")})

    assert reply.status_code == 201
    assert reply.json["transactions"][0]["reference"] == "UNHEARD"


def test_the_payer_types_the_amount_where_the_code_has_none(client: Client) -> None:
    asked = client.get("/pay", query_string={"qr": OPEN_AMOUNT})
    odd = client.post("/pay", data={"qr": OPEN_AMOUNT, "amount": "twelve"})
    paid = client.post("/pay", data={"qr": OPEN_AMOUNT, "amount": " 12.5 "})

    assert 'name="amount"' in asked.text
    assert odd.status_code == 409
    assert 'name="amount"' in odd.text
    assert "HK$12.50" in words_of(paid)


@pytest.mark.parametrize("path", ["/pay", "/pay?qr=<script>alert(1)</script>", "/?lang=%22><b>"])
def test_nothing_that_is_sent_becomes_part_of_the_page(client: Client, path: str) -> None:
    reply = client.get(path)

    assert "<script" not in reply.text
    assert "<b>" not in reply.text
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Cache-Control"] == "no-store"


def test_every_field_has_a_label_and_every_language_a_link(client: Client) -> None:
    for reply in (client.get("/"), client.get("/pay", query_string={"qr": OPEN_AMOUNT})):
        named = set(re.findall(r'<(?:input|textarea) id="(\w+)"', reply.text))
        labelled = set(re.findall(r'<label for="(\w+)"', reply.text))
        assert named
        assert named == labelled
        assert reply.text.count("hreflang=") == 3
        assert reply.text.count("<h1>") == 1


@pytest.mark.slow
def test_a_browser_of_a_phones_width_shows_the_page(
    browser: str, bank_desk: BankDesk, bank: HttpBank, tmp_path: Path
) -> None:
    bank.create(Order("P1", "WSD-1", 48630, "HKD", SOON))
    address = f"{bank_desk.url}/pay?lang=zh-Hant&qr={urllib.parse.quote(code())}"
    profile, picture = tmp_path / "profile", tmp_path / "page.png"
    command = [browser, *QUIET, f"--user-data-dir={profile}", "--window-size=390,844"]

    shown = subprocess.run(
        [*command, f"--screenshot={picture}", "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    assert "HK$486.30" in shown
    assert "立即付款" in shown
    assert picture.stat().st_size > 10_000
