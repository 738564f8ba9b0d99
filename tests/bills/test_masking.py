"""What of a name and of an account number is shown."""

import pytest

from backend.bills.masking import mask_account, mask_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("陳大文", "陳**"),
        ("歐陽", "歐**"),
        ("陈", "陈**"),
        ("CHAN Tai Man", "C*** T*** M***"),
        ("  O'Brien \u3000 Mary-Jane ", "O*** M***"),
        ("Ng", "N***"),
        ("陳大文 Tony", "陳** T***"),
        ("e\u0301lodie", "é***"),
        ("ひらがな", "ひ**"),
        ("𠮷野", "𠮷**"),
    ],
)
def test_a_name_shows_the_first_character_and_not_its_length(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("12345678A", "***678A"),
        ("12345678", "***5678"),
        ("1234567", "***567"),
        ("1234", "***34"),
        ("12", "***2"),
        ("1", "***"),
    ],
)
def test_an_account_shows_its_last_four_and_never_more_than_half(number: str, shown: str) -> None:
    assert mask_account(number) == shown
