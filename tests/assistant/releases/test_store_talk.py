"""The small release of talk is stored inside the whole one, and is as safe as the rest."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from backend.assistant import Release, ReleaseBroken
from backend.assistant.releases.store import MANIFEST, TALK, load, save
from backend.assistant.talk.dialogue import State, step

pytestmark = pytest.mark.slow


@pytest.fixture
def place(release: Release, tmp_path: Path) -> Path:
    return save(release, tmp_path / "releases")


def test_a_stored_release_talks_as_the_trained_one(release: Release, place: Path) -> None:
    stored = load(place)

    assert stored.sayings == release.sayings
    assert stored.bill_kinds == release.bill_kinds
    for said in ("幾時到期", "how much does it cost", "thanks", "第二個", "pay my water bill"):
        state = State("wsd-pay", ("wsd-pay", "rvd-pay"))
        assert step(stored, state, said) == step(release, state, said)


def test_tables_that_both_need_are_kept_once(place: Path) -> None:
    stored = load(place)

    assert stored.talk is not None
    assert stored.talk.readings is stored.readings
    assert stored.talk.synonyms is stored.synonyms


@pytest.mark.parametrize("harm", ["cut short", "gone", "another's"])
def test_damaged_talk_is_noticed(place: Path, harm: str) -> None:
    path = place / TALK / "header.json"
    if harm == "cut short":
        path.write_bytes(path.read_bytes()[:-1])
    elif harm == "gone":
        shutil.rmtree(place / TALK)
    else:
        path.write_bytes(path.read_bytes().replace(b"follow/cost", b"follow/cast"))
        manifest = json.loads((place / TALK / MANIFEST).read_text())
        manifest["files"]["header.json"] = hashlib.sha256(path.read_bytes()).hexdigest()
        (place / TALK / MANIFEST).write_text(json.dumps(manifest))

    with pytest.raises(ReleaseBroken, match="Publish again"):
        load(place)


def test_a_folder_of_talk_that_no_manifest_names_is_not_believed(place: Path) -> None:
    manifest = json.loads((place / MANIFEST).read_text())
    del manifest["files"][f"{TALK}/{MANIFEST}"]
    (place / MANIFEST).write_text(json.dumps(manifest))

    with pytest.raises(ReleaseBroken, match="its talk is missing or unfinished"):
        load(place)
