"""A little of the chaos of pushes, in every build; scripts/chaos_push --deep does much of it."""

from pathlib import Path

import pytest

from tests.chaos.payments_ground import ENGINES
from tests.chaos.push import break_pushes
from tests.chaos.push_ground import SIZES, ground_of

pytestmark = [pytest.mark.slow, pytest.mark.processes]


@pytest.mark.parametrize("engine", ENGINES)
def test_no_push_is_lost_or_seen_twice_whatever_is_killed(
    engine: str, tmp_path: Path, content_dir: Path
) -> None:
    for name in ("catalogue.json", "releases"):
        (tmp_path / name).symlink_to(content_dir / name)

    with ground_of(engine, tmp_path) as ground:
        chaos = break_pushes(ground, SIZES["short"])

    assert not chaos.missed, chaos
