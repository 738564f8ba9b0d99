"""What is heard in a text of several sentences, before anything is known of the conversation."""

import pytest

from backend.assistant import Release
from backend.assistant.talk.listening import listen

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "said",
    [
        "how much is it, someone is breaking in",
        "what time do you open? someone is breaking into my flat",
        "I want to complain. my father hits me",
        "幾錢呀，有人爆竊",
    ],
)
def test_a_cry_for_help_beside_talk_is_heard(release: Release, said: str) -> None:
    assert listen(release, said).is_crisis


@pytest.mark.parametrize("said", ["a human being please, not a machine", "唔係佢，係另外嗰個"])
def test_talk_in_two_sentences_is_no_alarm(release: Release, said: str) -> None:
    found = listen(release, said)

    assert not found.is_crisis
    assert found.heard is not None


def test_listening_keeps_the_whole_text(release: Release) -> None:
    assert listen(release, "hello, pay my water bill").text == "hello, pay my water bill"
