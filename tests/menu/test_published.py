"""The published catalogue: swapped whole, and never half believed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.app import Gateways, create_app
from backend.core.database import Database
from backend.core.settings import Settings
from backend.menu.content import read_catalogue
from backend.menu.published import FILE, NothingPublished, load_catalogue, publish, with_version

PUBLISH_FOR_EVER = """
import sys
from pathlib import Path
from backend.menu.content import read_catalogue
from backend.menu.published import publish, with_version
document = read_catalogue(Path(sys.argv[1]))
other = with_version({**document, "departments": []})
print("ready", flush=True)
while True:
    publish(document, Path(sys.argv[2]))
    publish(other, Path(sys.argv[2]))
"""


@pytest.fixture
def published(folder: Path, tmp_path: Path) -> Path:
    """A data folder with the small catalogue."""
    publish(read_catalogue(folder), tmp_path / "data")
    return tmp_path / "data"


def refusal(data_dir: Path) -> str:
    with pytest.raises(NothingPublished) as error:
        load_catalogue(data_dir)
    assert str(error.value).endswith(f" in {data_dir}. Run `ferry catalogue publish`.")
    return str(error.value).partition(" in ")[0]


def test_what_was_published_is_what_is_loaded(folder: Path, published: Path) -> None:
    catalogue = load_catalogue(published)

    assert catalogue.version == read_catalogue(folder)["version"]
    assert [service.id for service in catalogue.services] == ["wsd-pay", "wsd-meter"]
    assert catalogue.services[0].also == ("water bill",)
    assert [path.name for path in published.iterdir()] == [FILE]


def test_a_folder_without_a_catalogue_says_what_to_do(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "There is no catalogue"
    assert refusal(tmp_path / "nowhere") == "There is no catalogue"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_half_written_catalogue_is_not_believed(published: Path, share: float) -> None:
    raw = (published / FILE).read_bytes()
    (published / FILE).write_bytes(raw[: int(len(raw) * share)])

    assert refusal(published) in ("The catalogue is not whole", "The catalogue cannot be read")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"catalogue"',
        b"7",
        b"{}",
        b'{"version": 1}',
        b'{"version": "x", "themes": [], "departments": []}',
        b'{"themes": "\\ud800", "version": ""}',
        b"[" * 100_000,
        b"\x00" * 4096,
        b"\xff\xfe{}",
        b"NaN",
    ],
    ids=range(13),
)
def test_a_file_of_something_else_is_not_believed(published: Path, raw: bytes) -> None:
    (published / FILE).write_bytes(raw)

    assert refusal(published).startswith("The catalogue ")


def test_a_folder_in_place_of_the_file_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()

    assert refusal(tmp_path) == "The catalogue cannot be read"


def test_a_catalogue_edited_by_hand_is_not_believed(published: Path) -> None:
    text = (published / FILE).read_text(encoding="utf-8")
    (published / FILE).write_text(text.replace("2824 5000", "2824 5001"), encoding="utf-8")

    assert refusal(published) == "The catalogue was changed after it was published"


def without_also(content: Any) -> None:
    del content["departments"][0]["services"][0]["also"]


def of_a_new_kind(content: Any) -> None:
    content["departments"][0]["services"][0]["kind"] = "teleport"


def without_themes(content: Any) -> None:
    del content["themes"]


def of_other_things(content: Any) -> None:
    content["departments"] = ["WSD"]


@pytest.mark.parametrize("change", [without_also, of_a_new_kind, without_themes, of_other_things])
def test_a_catalogue_of_another_ferry_is_not_believed(
    published: Path, change: Callable[[Any], None]
) -> None:
    content = json.loads((published / FILE).read_text(encoding="utf-8"))
    change(content)
    publish(with_version(content), published)

    assert refusal(published) == "The catalogue is of another version of Ferry"


def test_ferry_does_not_start_without_a_sound_catalogue(
    menu_settings: Settings, menu_database: Database, tmp_path: Path
) -> None:
    with pytest.raises(NothingPublished):
        create_app(replace(menu_settings, data_dir=tmp_path), Gateways({}), menu_database)


def test_the_last_good_catalogue_stands_when_publishing_fails(published: Path) -> None:
    before = (published / FILE).read_bytes()

    with pytest.raises(TypeError):
        publish({"themes": object()}, published)

    assert (published / FILE).read_bytes() == before
    assert [path.name for path in published.iterdir()] == [FILE]


def test_two_who_publish_at_once_leave_one_whole_catalogue(folder: Path, tmp_path: Path) -> None:
    document = read_catalogue(folder)
    others = [with_version({**document, "themes": document["themes"] * n}) for n in range(1, 30)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda other: publish(other, tmp_path / "data"), others))

    assert load_catalogue(tmp_path / "data").version in {other["version"] for other in others}
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FILE]


@pytest.mark.slow
@pytest.mark.processes
def test_a_publisher_killed_at_any_moment_leaves_a_whole_catalogue(
    folder: Path, published: Path
) -> None:
    command = [sys.executable, "-c", PUBLISH_FOR_EVER, str(folder), str(published)]
    publisher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert publisher.stdout is not None
    assert publisher.stdout.readline() == "ready\n"

    seen = {load_catalogue(published).version for _ in range(300)}
    os.kill(publisher.pid, signal.SIGKILL)
    publisher.communicate()

    assert len(seen) == 2
    assert load_catalogue(published).version in seen
