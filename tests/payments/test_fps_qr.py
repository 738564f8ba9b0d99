"""Payment codes: built, read, refused; and never payable out of a demo."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.core.languages import Language
from backend.payments.fps_qr import (
    Amount,
    CodeNotReadable,
    CodeNotWritable,
    Initiation,
    PayeeKind,
    PayeeNotAllowed,
    PaymentCode,
    build,
    check_payee,
    code_to_pay,
    crc,
    ensure_payable,
    ensure_void,
    parse,
)

# Of the issue; the payees are placeholders.
BARE = PaymentCode(payee="9999999")
VECTORS = {
    "00020101021226270012hk.com.hkicl0207999999952040000530334454031235802HK5902NA6002HK6304D1A3": (
        replace(BARE, amount=Amount(12300, "123"))
    ),
    "00020101021126270012hk.com.hkicl020799999995204000053033445802HK5902NA6002HK6304B971": (
        replace(BARE, initiation=Initiation.STATIC)
    ),
    "00020101021226430012hk.com.hkicl0207999999905122612312359595204000053033445406486.305802HK"
    "5902NA6002HK62180114WSD000000000176304EDC8": (
        replace(
            BARE,
            expires_at=datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC),
            amount=Amount(48630, "486.30"),
            bill_number="WSD00000000017",
        )
    ),
    "00020101021226430012hk.com.hkicl01030040416BILL@EXAMPLE.COM52040000530334454071000.005802HK"
    "5902NA6002HK62150105DN1230502R16304F5A7": (
        replace(
            BARE,
            payee="BILL@EXAMPLE.COM",
            payee_kind=PayeeKind.EMAIL,
            clearing_code="004",
            amount=Amount(100000, "1000.00"),
            bill_number="DN123",
            reference="R1",
        )
    ),
    "00020101021226270012hk.com.hkicl02079999999520400005303156540588.805802HK5902NA6002HK"
    "63049F95": replace(BARE, currency="CNY", amount=Amount(8880, "88.80")),
    "00020101021226330012hk.com.hkicl0313+852-678912345204000053033445405100.55802HK"
    "5914company_1_data6002HK62170513INV/TEST/000263049E64": (
        replace(
            BARE,
            payee="+852-67891234",
            payee_kind=PayeeKind.MOBILE,
            name="company_1_data",
            amount=Amount(10050, "100.5"),
            reference="INV/TEST/0002",
        )
    ),
}
FIRST = next(iter(VECTORS))
BODY = {"00": "01", "01": "12", "52": "0000", "53": "344", "58": "HK", "59": "NA", "60": "HK"}
PAYEE = "0012hk.com.hkicl0207DEMOPAY"


def sealed(body: str) -> str:
    """Put a right check sum behind objects."""
    return body + "6304" + crc(body + "6304")


def code_of(order: str = "", **changes: str | None) -> str:
    """Make a code with the right check sum from objects, changed as asked (`_54="1"`)."""
    named = {tag.lstrip("_"): value for tag, value in changes.items()}
    objects = {**BODY, "26": PAYEE, **named}
    tags = order.split() or sorted(objects)
    return sealed("".join(f"{t}{len(v):02d}{v}" for t in tags if (v := objects[t]) is not None))


def why(text: str, language: Language = Language.EN) -> str:
    """Say why a code is refused."""
    with pytest.raises(CodeNotReadable) as refusal:
        parse(text)
    return refusal.value.sentence(language)


def test_the_check_sum_is_that_of_the_standard() -> None:
    assert crc("123456789") == "29B1"


@pytest.mark.parametrize(("text", "code"), VECTORS.items(), ids=range(1, 7))
def test_the_vectors_are_read_and_written_again_byte_for_byte(text: str, code: PaymentCode) -> None:
    assert parse(text) == code
    assert build(code) == text


def test_a_wrong_check_sum_is_refused_in_three_languages() -> None:
    wrong = FIRST[:-4] + "84E1"

    said = {why(wrong, language) for language in Language}

    assert "This payment code cannot be read: its check sum is wrong." in said
    assert len(said) == 3


def test_small_letters_in_the_check_sum_and_capitals_in_the_guid_are_read() -> None:
    loud = code_of(_26=PAYEE.replace("hk.com.hkicl", "HK.COM.HKICL"))

    assert parse(FIRST[:-4] + FIRST[-4:].lower()) == VECTORS[FIRST]
    assert parse(loud) == parse(code_of())


def test_the_order_of_tags_does_not_matter() -> None:
    turned = code_of("00 60 59 58 54 53 52 62 26 01", _54="1.00", _62="0502R10102B1")
    payee_turned = code_of(_26="0207DEMOPAY0012hk.com.hkicl")

    assert parse(turned) == parse(code_of(_54="1.00", _62="0102B10502R1"))
    assert parse(payee_turned) == parse(code_of())


def test_unknown_tags_are_kept_and_passed_over() -> None:
    text = code_of(_26=PAYEE + "9902xy", _28="0004test", _62="0105BILL10702T1", _80="anything 6304")

    code = parse(text)

    assert code.others == (("28", "0004test"), ("80", "anything 6304"))
    assert (code.payee_others, code.bill_others) == ((("99", "xy"),), (("07", "T1"),))
    assert (code.payee, code.bill_number) == ("DEMOPAY", "BILL1")
    assert build(code) == text


REFUSED = {
    "nothing": ("", "63 is missing"),
    "a check sum alone": (sealed(""), "00 is missing"),
    "the format is not first": (code_of("01 00 26 52 53 58 59 60"), "00 is missing"),
    "another format": (code_of(_00="02"), "00 is not as it must be"),
    "no payee": (code_of(_26="0012hk.com.hkicl"), "no payee, or several"),
    "two payees": (code_of(_26=PAYEE + "0304+852"), "no payee, or several"),
    "another scheme": (code_of(_26="0012xx.com.xxxxx0207DEMOPAY"), "26.00 is not as it must be"),
    "no scheme": (code_of(_26="0207DEMOPAY"), "26.00 is missing"),
    "no template": (code_of(_26=None), "26 is missing"),
    "a mobile that is none": (
        code_of(_26="0012hk.com.hkicl0305hello"),
        "26.03 is not as it must be",
    ),
    "two at signs": (code_of(_26="0012hk.com.hkicl0405a@b@c"), "26.04 is not as it must be"),
    "a tag twice": (sealed(code_of()[:-8] + "5902NB"), "59 stands twice"),
    "a tag twice inside": (code_of(_26=PAYEE + "0207DEMOPAX"), "26.02 stands twice"),
    "a check sum in the middle": (sealed(FIRST), "63 stands twice"),
    "a tail": (FIRST + " ", "63 is missing"),
    "a tail with a check sum": (sealed(code_of()[:-8] + "99"), "a length does not fit"),
    "a length too great": (sealed("000201" + "2699" + PAYEE), "a length does not fit"),
    "a length of none": (sealed(code_of()[:-8] + "8000"), "a length does not fit"),
    "a length of no digits": (sealed(code_of()[:-8] + "80 1x"), "a length does not fit"),
    "a tag of letters": (sealed(code_of()[:-8] + "AA01x"), "a length does not fit"),
    "a length too great inside": (code_of(_62="0199x"), "a length does not fit"),
    "Chinese": (sealed(code_of()[:-8] + "6404水務署x"), "more than plain letters"),
    "digits of another script": (FIRST.replace("123", "１２３"), "more than plain letters"),
    "a lone surrogate": (FIRST[:-1] + "\ud800", "more than plain letters"),
    "a control character": (code_of(_59="N\nA"), "more than plain letters"),
    "far too long": (code_of(**{f"_{n}": "x" * 99 for n in range(80, 86)}), "too long"),
    "no currency": (code_of(_53=None), "53 is missing"),
    "dollars of another country": (code_of(_53="840"), "53 is not as it must be"),
    "no name": (code_of(_59=None), "59 is missing"),
    "a long name": (code_of(_59="x" * 26), "59 is not as it must be"),
    "a long bill number": (code_of(_62="0126" + "x" * 26), "62.01 is not as it must be"),
    "neither static nor dynamic": (code_of(_01="13"), "01 is not as it must be"),
    "a 13th month": (code_of(_26=PAYEE + "0512261331235959"), "26.05 is not as it must be"),
    "the 30th of February": (code_of(_26=PAYEE + "0512260230000000"), "26.05 is not as it"),
    "a short expiry": (code_of(_26=PAYEE + "05102612312359"), "26.05 is not as it must be"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_payment_code_is_refused_and_why_is_said(text: str, reason: str) -> None:
    assert reason in why(text)


@pytest.mark.parametrize(
    "spelling",
    ["0", "0.00", "00", "1.234", "1.", ".5", "01.00", "1,000", "-1", "+1", "1e3", "NaN", " 1",
     "1 ", "1.0.0", "99999999999", "0x1"],
)  # fmt: skip
def test_an_amount_that_is_none_is_refused(spelling: str) -> None:
    assert "54 is not as it must be" in why(code_of(_54=spelling))


@pytest.mark.parametrize(
    ("spelling", "cents"),
    [("1", 100), ("0.01", 1), ("0.1", 10), ("100.5", 10050), ("9999999999.99", 999999999999)],
)
def test_an_amount_is_whole_cents_however_it_is_spelt(spelling: str, cents: int) -> None:
    code = parse(code_of(_54=spelling))

    assert code.amount == Amount(cents, spelling)
    assert build(code) == code_of(_54=spelling)


plain = st.characters(min_codepoint=33, max_codepoint=126)
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
moments = st.integers(0, 3_155_000_000).map(lambda seconds: FIRST_MOMENT + timedelta(0, seconds))
codes = st.builds(
    PaymentCode,
    payee=st.text(plain, min_size=1, max_size=34),
    name=st.text(plain, min_size=1, max_size=25),
    clearing_code=st.none() | st.from_regex(r"[0-9]{3}", fullmatch=True),
    expires_at=st.none() | moments,
    initiation=st.none() | st.sampled_from(Initiation),
    currency=st.sampled_from(["HKD", "CNY"]),
    amount=st.none() | st.integers(1, 10**12 - 1).map(Amount.of),
    city=st.text(plain, min_size=1, max_size=15),
    bill_number=st.none() | st.text(plain, min_size=1, max_size=25),
    reference=st.none() | st.text(plain, min_size=1, max_size=25),
)  # fmt: skip


@pytest.mark.slow
@given(code=codes)
def test_what_is_written_is_read_as_the_same(code: PaymentCode) -> None:
    assert parse(build(code)) == code


@pytest.mark.slow
@given(
    text=st.sampled_from(list(VECTORS)),
    at=st.integers(0, 200),
    put=st.characters() | st.sampled_from("0123456789abcdefABCDEF"),
)
@example(text=FIRST, at=len(FIRST) - 1, put="4")
def test_one_changed_character_is_refused_or_changes_nothing(text: str, at: int, put: str) -> None:
    at %= len(text)
    changed = text[:at] + put + text[at + 1 :]

    try:
        read = parse(changed)
    except CodeNotReadable:
        return
    assert read == VECTORS[text]


@pytest.mark.slow
@given(st.text() | st.binary().map(lambda octets: octets.decode("latin-1")) | st.from_regex(
    r"000201([0-9]{4}[ -~]{0,20}){0,9}"
))  # fmt: skip
def test_nothing_but_the_named_refusal_is_ever_raised(text: str) -> None:
    for each in (text, sealed(text.encode(errors="replace").decode())):
        with suppress(CodeNotReadable):
            parse(each)


UNWRITABLE = {
    "a long name": replace(BARE, name="x" * 26),
    "a Chinese name": replace(BARE, name="水務署"),
    "a lone surrogate": replace(BARE, name="\ud800"),
    "an unknown currency": replace(BARE, currency="USD"),
    "no money": replace(BARE, amount=Amount.of(0)),
    "less than no money": replace(BARE, amount=Amount.of(-100)),
    "a spelling that is not the cents": replace(BARE, amount=Amount(100, "2.00")),
    "too much money": replace(BARE, amount=Amount.of(10**12)),
    "an empty bill number": replace(BARE, bill_number=""),
    "a second amount": replace(BARE, amount=Amount.of(1), others=(("54", "9.99"),)),
    "a smuggled amount": replace(BARE, others=(("54", "9.99"),)),
    "a smuggled payee": replace(BARE, payee_others=(("03", "+852-1"),)),
    "an object past its length": replace(BARE, others=(("80", "x" * 100),)),
    "half a second": replace(BARE, expires_at=datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC)),
    "a time of no zone": replace(BARE, expires_at=datetime.fromisoformat("2026-01-01T00:00:00")),
    "another century": replace(BARE, expires_at=datetime(2126, 1, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize("code", UNWRITABLE.values(), ids=UNWRITABLE)
def test_what_would_be_read_otherwise_is_not_written(code: PaymentCode) -> None:
    with pytest.raises(CodeNotWritable):
        build(code)


PAYMENT = {
    "amount_cents": 41850,
    "currency": "HKD",
    "bill_number": "W-1",
    "reference": "pay-0001",
    "expires_at": datetime(2026, 12, 31, 15, 59, 59, 999_999, tzinfo=UTC),
}


def test_a_demos_code_carries_all_and_can_be_paid_by_nobody() -> None:
    code = parse(code_to_pay("DEMOFERRY", "DEMO", is_demo=True, **PAYMENT))

    ensure_void(code)
    assert (code.payee, code.name, code.initiation) == ("DEMOFERRY", "DEMO", Initiation.DYNAMIC)
    assert code.amount == Amount(41850, "418.50")
    assert (code.bill_number, code.reference) == ("W-1", "pay-0001")
    assert code.expires_at == datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)


def test_a_code_in_production_names_the_payee_that_was_set() -> None:
    code = parse(code_to_pay("1234567", "Water Supplies", is_demo=False, **PAYMENT))

    ensure_payable(code)
    assert (code.payee, code.name) == ("1234567", "Water Supplies")


def test_a_bill_number_that_is_too_long_is_left_out_and_never_cut() -> None:
    fits = code_to_pay("DEMOFERRY", "DEMO", is_demo=True, **{**PAYMENT, "bill_number": "B" * 25})
    long = code_to_pay("DEMOFERRY", "DEMO", is_demo=True, **{**PAYMENT, "bill_number": "B" * 26})

    assert parse(fits).bill_number == "B" * 25
    assert (parse(long).bill_number, parse(long).reference) == (None, "pay-0001")


@pytest.mark.parametrize("seconds", [0, 1, 59])
def test_a_code_never_outlives_its_payment(seconds: int) -> None:
    end = datetime(2026, 12, 31, 15, 59, seconds, 400_000, tzinfo=UTC)

    text = code_to_pay("DEMOFERRY", "DEMO", is_demo=True, **{**PAYMENT, "expires_at": end})

    expires_at = parse(text).expires_at
    assert expires_at
    assert end - timedelta(seconds=1) < expires_at <= end


PAYABLE = {
    "an identifier": ("1234567", "DEMO"),
    "a longer one": ("123456789", "DEMO"),
    "the placeholder": ("9999999", "DEMO"),
    "letters and digits": ("DEMO1234", "DEMO"),
    "one letter": ("D", "DEMO"),
    "digits of another script": ("１２３４５６７", "DEMO"),
    "letters of another script": ("水務署水務署", "DEMO"),
    "a mobile": ("+852-67891234", "DEMO"),
    "an e-mail address": ("BILL@EXAMPLE.COM", "DEMO"),
    "nobody": ("", "DEMO"),
    "a line end": ("DEMOFERRY\n", "DEMO"),
    "a department's name": ("DEMOFERRY", "WATER SUPPLIES"),
    "no name": ("DEMOFERRY", ""),
}


@pytest.mark.parametrize(("payee", "name"), PAYABLE.values(), ids=PAYABLE)
def test_a_demo_refuses_whoever_could_be_paid(payee: str, name: str) -> None:
    with pytest.raises(PayeeNotAllowed):
        check_payee(payee, name, is_demo=True)
    with pytest.raises(PayeeNotAllowed):
        code_to_pay(payee, name, is_demo=True, **PAYMENT)


@pytest.mark.parametrize("kind", [PayeeKind.MOBILE, PayeeKind.EMAIL])
def test_a_demo_refuses_letters_that_are_no_identifier(kind: PayeeKind) -> None:
    with pytest.raises(PayeeNotAllowed):
        ensure_void(PaymentCode(payee="DEMOFERRY", payee_kind=kind, name="DEMO"))


UNREAL = {
    "a void payee": ("DEMOFERRY", "Water Supplies"),
    "the placeholder": ("9999999", "Water Supplies"),
    "a demo's name": ("1234567", "Demo"),
    "no name": ("1234567", ""),
    "a placeholder's name": ("1234567", "NA"),
    "a Chinese name": ("1234567", "水務署"),
    "a long name": ("1234567", "x" * 26),
    "a mobile": ("+852-67891234", "Water Supplies"),
    "a short number": ("123456", "Water Supplies"),
    "digits of another script": ("１２３４５６７", "Water Supplies"),
}


@pytest.mark.parametrize(("payee", "name"), UNREAL.values(), ids=UNREAL)
def test_production_refuses_a_void_payee(payee: str, name: str) -> None:
    with pytest.raises(PayeeNotAllowed, match=r"^[A-Z].*\.$"):
        check_payee(payee, name, is_demo=False)


@pytest.mark.parametrize(
    ("payee", "name", "is_demo"),
    [("DEMOFERRY", "DEMO", True), ("1234567", "Water Supplies", False)],
)
def test_a_fitting_payee_passes_at_start(payee: str, name: str, is_demo: bool) -> None:
    check_payee(payee, name, is_demo=is_demo)
