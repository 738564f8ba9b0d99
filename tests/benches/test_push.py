"""A little of scripts/bench_push in every build, so that it stays sound."""

from pathlib import Path

import pytest

from tests.benches.push import measure_on

pytestmark = [pytest.mark.slow, pytest.mark.processes]


def test_pushes_are_delivered_and_timed_beside_bare_clients(
    database_url: str, tmp_path: Path
) -> None:
    is_sqlite = database_url.startswith("sqlite")

    measured = measure_on(database_url, tmp_path, 300, 1, ramped=False, alone=not is_sqlite)

    assert measured.sends_per_second > 0
    assert measured.peak_mb < 1024
    assert is_sqlite or 3 <= (measured.database_writes_per_send or 0) < 4
    assert (measured.ratio is not None) is is_sqlite
