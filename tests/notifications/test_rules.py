"""When a failed push is tried again, and what stands on a lock screen."""

import string
from datetime import timedelta

import pytest

from backend.core.languages import Language
from backend.notifications import wording
from backend.notifications.outbox.rules import pause_before
from backend.notifications.rules import MessageKind


def seconds(pause: timedelta) -> float:
    return pause.total_seconds()


def test_the_pause_doubles_from_two_seconds_up_to_an_hour() -> None:
    pauses = [seconds(pause_before(attempt, None, 0)) for attempt in range(1, 14)]

    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]


@pytest.mark.parametrize(("jitter", "pause"), [(0, 2), (0.5, 2.5), (1, 3)])
def test_jitter_lengthens_a_pause_by_up_to_half_and_never_shortens_it(
    jitter: float, pause: float
) -> None:
    assert seconds(pause_before(1, None, jitter)) == pause


@pytest.mark.parametrize(
    ("asked", "pause"),
    [(None, 2), (0, 2), (1, 2), (60, 60), (86_400, 86_400), (1e9, 86_400), (float("inf"), 86_400)],
)
def test_the_pause_is_as_long_as_the_partner_asks_up_to_a_day(
    asked: float | None, pause: float
) -> None:
    assert seconds(pause_before(1, asked, 0)) == pause


@pytest.mark.parametrize("kind", list(MessageKind))
@pytest.mark.parametrize("language", list(Language))
def test_the_words_of_a_lock_screen_have_no_place_to_put_anything_in(
    kind: MessageKind, language: Language
) -> None:
    for words in (wording.PUSH_TITLES[kind], wording.PUSH_BODIES[kind]):
        text = words.into(language)
        assert text
        assert [field for _, field, _, _ in string.Formatter().parse(text) if field] == []
        assert not any(sign.isdigit() for sign in text)


@pytest.mark.parametrize("kind", list(MessageKind))
def test_every_kind_of_message_has_words_for_the_inbox(kind: MessageKind) -> None:
    for language in Language:
        assert wording.INBOX_TITLES[kind].into(language, department="D")
        assert wording.INBOX_BODIES[kind].into(
            language, amount="1.00", money="HK$1.00", due_on="2026-12-20", number="R1"
        )
