"""What of a question may be kept, and when it counts as the same."""

from datetime import date

import pytest

from backend.assistant.feedback.rules import LONGEST_KEPT, Reason, forgotten_before, missed
from backend.core.languages import Language


def fingerprint(
    text: str, reason: Reason = Reason.NONE, language: Language = Language.EN, release: str = "r1"
) -> str:
    found = missed(text, language, reason, None, release)
    assert found is not None
    return found.fingerprint


def test_a_question_is_kept_masked_and_short() -> None:
    found = missed("call 9123 4567 " + "z" * 2000, Language.EN, Reason.NONE, None, "r1")

    assert found is not None
    assert found.text.startswith("call [phone] zzz")
    assert len(found.text) == LONGEST_KEPT


@pytest.mark.parametrize("text", ["", "  ", "9123 4567", "A123456(3)?", "me@example.com", "…?!"])
def test_of_what_says_nothing_without_its_numbers_nothing_is_kept(text: str) -> None:
    assert missed(text, Language.EN, Reason.NONE, None, "r1") is None


def test_the_same_question_in_another_writing_is_the_same() -> None:
    assert fingerprint("Where is  MY cat") == fingerprint("where is my cat")
    assert fingerprint("ｗｈｅｒｅ is my cat") == fingerprint("where is my cat")
    assert fingerprint("call 91234567 now") == fingerprint("call 6123 4567 now")


def test_the_release_does_not_make_it_another_one() -> None:
    assert fingerprint("where", release="r1") == fingerprint("where", release="r2")


def test_another_reason_or_language_makes_it_another_one() -> None:
    told = {
        fingerprint("where"),
        fingerprint("where", reason=Reason.NOT_HELPFUL),
        fingerprint("where", language=Language.ZH_HANT),
        fingerprint("there"),
    }

    assert len(told) == 4


def test_ninety_days_are_kept() -> None:
    assert forgotten_before(date(2026, 11, 23)) == date(2026, 8, 25)
