"""What a web process answers from: the newest whole release, taken without making anyone wait."""

import logging
import shutil
from pathlib import Path

import pytest

from backend.assistant import Release
from backend.assistant.releases.shelf import NoRelease, Shelf
from backend.assistant.releases.store import make_current, save

pytestmark = pytest.mark.slow


@pytest.fixture
def place(release: Release, tmp_path: Path) -> Path:
    return save(release, tmp_path / "releases")


@pytest.fixture
def shelf(place: Path) -> Shelf:
    make_current(place)
    return Shelf(place.parent)


def look_again(shelf: Shelf) -> Release:
    shelf.next_glance = 0.0
    return shelf.release()


def newer(place: Path) -> Path:
    other = place.with_name("release-newer")
    shutil.copytree(place, other)
    return other


def test_before_the_first_publishing_there_is_none(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)

    assert not shelf.has_release()
    with pytest.raises(NoRelease):
        shelf.release()


def test_a_newly_published_release_takes_its_place(shelf: Shelf, place: Path) -> None:
    first = shelf.release()
    make_current(newer(place))

    assert shelf.release() is first
    assert look_again(shelf) is not first


def test_a_broken_newer_release_is_passed_over_and_looked_at_once(
    shelf: Shelf, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = shelf.release()
    broken = newer(place)
    (broken / "header.json").write_text("{}")
    make_current(broken)

    with caplog.at_level(logging.WARNING):
        held = [look_again(shelf) for _ in range(3)]

    assert all(each is first for each in held)
    assert len(caplog.records) == 1


def test_a_release_that_was_mended_is_taken_after_all(shelf: Shelf, place: Path) -> None:
    first = shelf.release()
    broken = newer(place)
    (broken / "header.json").unlink()
    make_current(broken)
    assert look_again(shelf) is first

    shutil.rmtree(broken)
    newer(place)

    assert look_again(shelf) is not first


def test_while_one_thread_loads_the_others_answer_from_what_they_have(shelf: Shelf) -> None:
    first = shelf.release()

    with shelf.turn:
        assert look_again(shelf) is first


def test_who_comes_while_the_first_release_is_loaded_waits_for_it(shelf: Shelf) -> None:
    # What the thread that loads has set before it begins.
    shelf.next_glance = float("inf")

    assert shelf.has_release()
