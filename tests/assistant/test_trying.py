"""`ferry intents try` shows what is heard as talk, too."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.assistant.commands import intents
from tests.assistant.conftest import PLAIN
from tests.assistant.content.test_talking import HELP

LEAK = (
    PLAIN.replace("pay my water bill", "a pipe is leaking").replace("交", "漏").replace("俾", "漏")
)


@pytest.mark.slow
def test_trying_says_what_is_heard_as_talk(
    write_intent: Callable[..., Path], tmp_path: Path
) -> None:
    write_intent()
    write_intent("water/leak.yaml", LEAK)
    folder = write_intent("talk/help/complaint.yaml", HELP)
    places = ["--intents", str(folder), "--releases", str(tmp_path / "releases")]

    result = CliRunner().invoke(intents, ["try", "I want to complain", *places])

    assert result.exit_code == 0, result.output
    said, talk, *choices = result.stdout.splitlines()
    assert (said, talk) == ("told", "talk: help/complaint  “Call 1823.”")
    assert choices
