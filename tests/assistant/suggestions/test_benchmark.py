"""What `scripts/bench_suggestions` prints."""

import pytest

from backend.assistant import Release
from backend.assistant.suggestions.benchmark import measure
from backend.core.settings import CHECKOUT
from backend.menu.content import read_catalogue
from backend.menu.published import catalogue_of


@pytest.mark.slow
def test_phrases_are_typed_letter_by_letter(release: Release) -> None:
    found = measure(release, catalogue_of(read_catalogue(CHECKOUT / "catalogue")), 5)

    assert found.prefixes > 5
    assert 0 < found.p50_us <= found.p99_us <= found.worst_us
    assert 0 < found.helped <= 1
    assert found.suggestible > found.services > 0
    assert 0 < found.index_mb < found.index_peak_mb
