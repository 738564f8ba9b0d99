"""Keeps results under `docs/`: the figures as JSON, and the page and the plot made of them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backend.assistant.measuring.contest.plot import draw
from backend.assistant.measuring.contest.results import Measured, Result
from backend.assistant.measuring.contest.table import page, title_of

NAME = "bench-assistant"


def keep(result: Result, folder: Path) -> None:
    """Put `result` in the place of an older one of the same set and slips, or behind all others."""
    figures = folder / f"{NAME}.json"
    known = (
        [_result(found) for found in json.loads(figures.read_text())] if figures.exists() else []
    )
    results = {title_of(each): each for each in (*known, result)}
    folder.mkdir(parents=True, exist_ok=True)
    figures.write_text(
        json.dumps([asdict(each) for each in results.values()], ensure_ascii=False, indent=1) + "\n"
    )
    (folder / f"{NAME}.md").write_text(page(list(results.values())))
    plain = [each for each in results.values() if not each.slips]
    (folder / f"{NAME}.svg").write_text(draw(plain or [result]))


def _result(found: dict[str, Any]) -> Result:
    rivals = tuple(Measured(**each) for each in found["rivals"])
    return Result(**{**found, "rivals": rivals, "absent": tuple(found["absent"])})
