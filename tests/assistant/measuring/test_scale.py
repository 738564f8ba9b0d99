"""The measuring at scale invents the same phrases every time, and asks none that was learnt."""

import pytest

from backend.assistant.measuring.scale.invented import ASKED, LEARNT, Inventor, Size
from backend.assistant.measuring.scale.learning import material_of
from backend.assistant.measuring.scale.serving import questions
from backend.core.text import is_chinese

SIZE = Size(intents=20, phrases=5, chinese=0.5)


def test_the_same_size_is_always_written_the_same() -> None:
    assert material_of(SIZE) == material_of(SIZE)
    assert questions(SIZE, 30) == questions(SIZE, 30)


def test_what_is_asked_was_not_learnt() -> None:
    inventor = Inventor(SIZE)

    assert inventor.phrases(3, 5, LEARNT) != inventor.phrases(3, 5, ASKED)


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.5, 25, 75), (1.0, 100, 100)])
def test_so_many_phrases_are_in_chinese(share: float, least: int, most: int) -> None:
    inventor = Inventor(Size(20, 5, share))

    phrases = [text for intent in range(20) for text in inventor.phrases(intent, 5, LEARNT)]

    assert least <= sum(is_chinese(text[0]) for text in phrases) <= most
