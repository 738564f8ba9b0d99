"""What was published is remembered, and so there is a way back that two steps do not undo."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.assistant import Release, ReleaseBroken
from backend.assistant.releases.history import (
    DRAFT_SECONDS,
    HISTORY,
    KEPT_PUBLISHED,
    KEPT_TRIED,
    Deed,
    Entry,
    current_version,
    entries,
    latest,
    place_of,
    previous_place,
    prune,
    remember,
)
from backend.assistant.releases.store import make_current, save

Do = Callable[..., None]


def entry(version: str, deed: Deed = Deed.PUBLISH) -> Entry:
    return Entry(version, deed, "2026-11-23T05:00:00+00:00", "mei", 0.97)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "releases"


@pytest.fixture
def do(folder: Path, release: Release) -> Do:
    """Publish, or go back to, releases of these names; each is a copy of a real one."""
    whole = save(release, folder)

    def do(*versions: str, deed: Deed = Deed.PUBLISH) -> None:
        for version in versions:
            place = folder / f"release-{version}"
            if not place.exists():
                shutil.copytree(whole, place)
            make_current(place)
            remember(folder, entry(version, deed))

    return do


def test_deeds_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    remember(tmp_path, entry("a"))
    remember(tmp_path, entry("b", Deed.ROLLBACK))

    assert entries(tmp_path) == (entry("a"), entry("b", Deed.ROLLBACK))
    assert latest(tmp_path, "a") == entry("a")
    assert latest(tmp_path, "c") is None


@pytest.mark.parametrize("torn", [b'{"version": "b", "de', b"\xff\xfe", b"[]", b"null", b'{"a":1}'])
def test_a_line_that_was_cut_short_costs_nobody_else(tmp_path: Path, torn: bytes) -> None:
    remember(tmp_path, entry("a"))
    with (tmp_path / HISTORY).open("ab") as file:
        file.write(torn)

    remember(tmp_path, entry("c"))

    assert entries(tmp_path) == (entry("a"), entry("c"))


@pytest.mark.slow
def test_the_way_back_leads_to_the_release_before(folder: Path, do: Do) -> None:
    do("a", "b", "c")

    assert previous_place(folder).name == "release-b"


@pytest.mark.slow
def test_going_back_twice_goes_two_releases_back(folder: Path, do: Do) -> None:
    do("a", "b", "c")
    do("b", deed=Deed.ROLLBACK)

    assert previous_place(folder).name == "release-a"


@pytest.mark.slow
def test_what_was_undone_is_never_gone_back_to(folder: Path, do: Do) -> None:
    do("a", "bad")
    do("a", deed=Deed.ROLLBACK)

    with pytest.raises(ReleaseBroken, match="no earlier release"):
        previous_place(folder)


@pytest.mark.slow
def test_a_release_whose_record_was_lost_still_has_a_way_back(folder: Path, do: Do) -> None:
    do("a", "b", "c")
    lines = (folder / HISTORY).read_text().splitlines(keepends=True)
    (folder / HISTORY).write_text("".join(lines[:-1]))

    assert previous_place(folder).name == "release-b"


@pytest.mark.slow
def test_a_damaged_release_is_passed_over_on_the_way_back(folder: Path, do: Do) -> None:
    do("a", "b", "c")
    (folder / "release-b" / "header.json").write_text("{}")

    assert previous_place(folder).name == "release-a"


@pytest.mark.slow
def test_a_release_is_named_by_its_beginning(folder: Path, do: Do) -> None:
    do("abc", "abd")

    assert place_of(folder, "abc").name == "release-abc"
    with pytest.raises(ReleaseBroken, match="Several releases begin"):
        place_of(folder, "ab")
    with pytest.raises(ReleaseBroken, match="No release is stored"):
        place_of(folder, "x")


def test_nothing_is_current_before_the_first_publishing(tmp_path: Path) -> None:
    assert current_version(tmp_path) is None
    with pytest.raises(ReleaseBroken, match="no earlier release"):
        previous_place(tmp_path)


def test_pruning_keeps_the_current_one_the_last_published_and_the_last_tried(
    tmp_path: Path,
) -> None:
    published = [f"p{number}" for number in range(KEPT_PUBLISHED + 3)]
    tried = [f"t{number}" for number in range(KEPT_TRIED + 2)]
    for age, version in enumerate([*published, *tried]):
        (tmp_path / f"release-{version}").mkdir()
        os.utime(tmp_path / f"release-{version}", (age, age))
    for version in published:
        remember(tmp_path, entry(version))
    make_current(tmp_path / "release-p0")
    remember(tmp_path, entry("p0", Deed.ROLLBACK))

    prune(tmp_path)

    left = {path.name.removeprefix("release-") for path in tmp_path.glob("release-*")}
    assert left == {"p0", *published[-KEPT_PUBLISHED:], *tried[-KEPT_TRIED:]}


def test_drafts_of_dead_publishers_are_swept_and_those_of_living_ones_not(tmp_path: Path) -> None:
    long_ago = time.time() - DRAFT_SECONDS - 60
    for name in (".draft-old", ".draft-new"):
        (tmp_path / name).mkdir()
    (tmp_path / "current-1a.draft").touch()
    for name in (".draft-old", "current-1a.draft"):
        os.utime(tmp_path / name, (long_ago, long_ago))

    prune(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [".draft-new"]
