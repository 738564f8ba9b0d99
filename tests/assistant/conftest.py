"""A trained release for the assistant's tests, and a way to write small intents."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.assistant import Release, load_current

PLAIN = """\
title:
  en: Pay your water bill
  zh-Hant: 繳付水費
  zh-Hans: 缴付水费
opens: wsd-pay
phrases:
  en:
    - pay my water bill
  zh-Hant:
    - 我想俾水費
  zh-Hans:
    - 水费在哪交
finds:
  - wotar bill payment
misses:
  - report a burst water pipe
status: live
reviewed: 2026-08-01
"""
TAX = (
    PLAIN.replace("water", "tax").replace("wsd", "ird").replace("水費", "稅").replace("水费", "税")
)


@pytest.fixture(scope="session")
def release(content_dir: Path) -> Release:
    """A release that knows some real intents and every crisis."""
    return load_current(content_dir / "releases")


@pytest.fixture(scope="session")
def whole(full_releases: Path) -> Release:
    """A release of all intents."""
    return load_current(full_releases)


@pytest.fixture
def write_intent(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of `intents/` and return the folder; the text defaults to a sound intent."""

    def write(name: str = "water/pay.yaml", text: str | bytes = PLAIN) -> Path:
        path = tmp_path / "intents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "intents"

    return write
