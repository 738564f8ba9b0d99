"""One number has one spelling, and what proves an account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bills.linking.rules import Printed, Proof, plain_account, proves

NEWEST, SECOND, THIRD = Printed(100, "AB12-CD"), Printed(200, "EF34"), Printed(300, "GH56")


@pytest.mark.parametrize(
    "spelt", ["1234-5678 a", " 12345678A ", "1234‑5678‑A", "１２３４５６７８ａ", "1 2 3 4 5678\ta"]
)
def test_one_number_has_one_spelling(spelt: str) -> None:
    assert plain_account(spelt) == "12345678A"


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = plain_account(text)

    assert plain_account(once) == once


@pytest.mark.parametrize("nothing", ["", "-", " -- ", "\u3000"])
def test_blanks_and_hyphens_alone_are_no_number(nothing: str) -> None:
    assert plain_account(nothing) == ""


@pytest.mark.parametrize(
    ("proof", "is_taken"),
    [
        (Proof(amount_cents=100), True),
        (Proof(amount_cents=200), False),
        (Proof(code="ab12cd"), True),
        (Proof(code="EF 34"), True),
        (Proof(code="GH56"), False),
        (Proof(code="AB12"), False),
        (Proof(), False),
    ],
)
def test_the_newest_amount_and_the_last_two_codes_prove(proof: Proof, is_taken: bool) -> None:
    assert proves(proof, [NEWEST, SECOND, THIRD]) is is_taken


@pytest.mark.parametrize("proof", [Proof(code="-"), Proof(code="AB"), Proof(amount_cents=1)])
def test_without_a_bill_or_a_code_nothing_proves(proof: Proof) -> None:
    assert not proves(proof, [])
    assert not proves(proof, [Printed(100, None), Printed(1, "-")])
