"""A release is stored whole or not at all, and a damaged one is refused in a plain sentence."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from backend.assistant import Release, ReleaseBroken, ask, load_current
from backend.assistant.releases.store import current_place, find_release, load, make_current, save

QUESTIONS = ["pay my water bill", "水费在哪交", "我想自殺", "pymnt of tax", "hello"]


@pytest.fixture
def place(release: Release, tmp_path: Path) -> Path:
    return save(release, tmp_path / "releases")


@pytest.mark.slow
def test_a_stored_release_answers_as_the_trained_one(release: Release, place: Path) -> None:
    stored = load(place)

    for question in QUESTIONS:
        assert ask(stored, question) == ask(release, question)


@pytest.mark.slow
def test_the_weights_are_mapped_and_cannot_be_written(place: Path) -> None:
    stored = load(place)

    common = stored.weights.common
    assert isinstance(common.base, np.memmap)
    assert not common.flags.writeable


@pytest.mark.slow
@pytest.mark.parametrize("name", ["header.json", "common.npy", "examples.npy", "manifest.json"])
@pytest.mark.parametrize("harm", ["cut short", "one byte changed", "gone", "empty"])
def test_a_damaged_file_is_noticed(place: Path, name: str, harm: str) -> None:
    path = place / name
    raw = bytearray(path.read_bytes())
    if harm == "one byte changed":
        raw[len(raw) // 2] ^= 0x40
    path.unlink()
    if harm != "gone":
        path.write_bytes({"cut short": bytes(raw[:-1]), "empty": b""}.get(harm, bytes(raw)))

    with pytest.raises(ReleaseBroken, match="Publish again"):
        load(place)


@pytest.mark.slow
def test_a_damaged_release_is_written_anew(release: Release, place: Path) -> None:
    (place / "common.npy").write_bytes(b"")

    save(release, place.parent)

    assert load(place).version == release.version


@pytest.mark.slow
def test_a_stop_while_writing_leaves_the_current_release_as_it_was(
    release: Release, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_current(place)

    def full_disk(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        save(dataclasses.replace(release, version="0" * 16 + "-later"), place.parent)

    assert sorted(each.name for each in place.parent.iterdir()) == ["current", place.name]
    assert load_current(place.parent).version == release.version


@pytest.mark.slow
def test_the_current_release_is_swapped_whole(place: Path) -> None:
    make_current(place)
    other = place.with_name("release-other")
    shutil.copytree(place, other)

    make_current(other)

    assert current_place(place.parent) == other


@pytest.mark.parametrize("name", ["", "../../etc", "release-/../..", "other", "release-gone"])
def test_a_pointer_to_nowhere_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "current").write_text(name)

    with pytest.raises(ReleaseBroken):
        load_current(tmp_path)


def test_before_the_first_publishing_a_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReleaseBroken, match="has been published here yet"):
        load_current(tmp_path)


@pytest.mark.slow
def test_a_release_is_found_by_the_hash_of_its_content(release: Release, place: Path) -> None:
    assert find_release(place.parent, release.content).version == release.version
    with pytest.raises(ReleaseBroken):
        find_release(place.parent, "f" * 64)


@pytest.mark.slow
def test_a_release_of_another_version_of_ferry_is_called_that(place: Path) -> None:
    (place / "manifest.json").write_text('{"format": 1, "files": {"weights.npy": "ab"}}')

    with pytest.raises(ReleaseBroken, match="written by another version of Ferry"):
        load(place)
