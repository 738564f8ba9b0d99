"""A little of the chaos of payments, in every build; scripts/chaos_payments does all of it."""

from pathlib import Path

import pytest

from backend.gateways.signer import make_key
from tests.chaos.payments import BARS, break_payments
from tests.chaos.payments_ground import ENGINES, RECEIPT_KEY, SIZES, Ground, emptying

pytestmark = [pytest.mark.slow, pytest.mark.processes]


@pytest.fixture(params=ENGINES)
def ground(request: pytest.FixtureRequest, tmp_path: Path, content_dir: Path) -> Ground:
    for name in ("catalogue.json", "releases"):
        (tmp_path / name).symlink_to(content_dir / name)
    make_key(tmp_path / RECEIPT_KEY)
    if request.param == "sqlite":
        room = request.getfixturevalue("sqlite_room")
        names = (tmp_path / f"ferry-{number}.db" for number in range(9))
        return Ground(tmp_path, lambda: room.copy_to(next(names)))
    return Ground(tmp_path, emptying(request.getfixturevalue("postgresql_room")))


def test_nothing_that_may_happen_to_a_payment_does_harm(ground: Ground) -> None:
    chaos = break_payments(ground, SIZES["short"])

    assert {name: chaos.numbers[name] for name in BARS} == BARS, chaos
