"""`ferry catalogue check` and `ferry catalogue publish`, as staff run them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.menu.commands import catalogue
from backend.menu.published import FILE, load_catalogue

WSD = "departments/wsd.yaml"
Change = Callable[[str, str, str], None]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(catalogue, [str(word) for word in words])


def publish(folder: Path, data_dir: Path) -> Result:
    return run("publish", "--catalogue", folder, "--to", data_dir)


def test_a_sound_catalogue_is_published_and_its_version_told(folder: Path, tmp_path: Path) -> None:
    done = publish(folder, tmp_path / "data")

    version = load_catalogue(tmp_path / "data").version
    assert (done.exit_code, done.output) == (0, f"Published the catalogue, version {version}.\n")


def test_a_check_publishes_nothing(folder: Path, tmp_path: Path) -> None:
    done = run("check", "--catalogue", folder)

    assert (done.exit_code, done.output) == (0, "The catalogue is sound.\n")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (WSD, "    kind: pay\n", ""),
        (WSD, "theme: bills", "theme: bill"),
        (WSD, "id: wsd-meter", "id: wsd-pay"),
        (WSD, "https://www.wsd.gov.hk", "www.wsd.gov.hk"),
        (WSD, "id: WSD", "id: WSX"),
        (WSD, "id: WSD", "id: ["),
        (WSD, "[hong-kong]", "&r [hong-kong]"),
        ("themes.yaml", "themes:", "themes"),
        ("searches.yaml", "wsd-pay", "wsd-meter"),
    ],
)
def test_a_broken_catalogue_is_not_published_and_the_last_good_one_stands(
    folder: Path, change: Change, tmp_path: Path, name: str, old: str, new: str
) -> None:
    publish(folder, tmp_path / "data")
    before = (tmp_path / "data" / FILE).read_bytes()
    change(name, old, new)

    checked, published = run("check", "--catalogue", folder), publish(folder, tmp_path / "data")

    for done in (checked, published):
        assert done.exit_code == 1
        assert done.stdout == ""
        assert done.stderr.startswith(f"Error: {name}")
        assert "Traceback" not in done.stderr
    assert (tmp_path / "data" / FILE).read_bytes() == before


def test_nothing_is_published_of_a_first_catalogue_that_is_broken(
    folder: Path, change: Change, tmp_path: Path
) -> None:
    change(WSD, "    kind: pay\n", "")

    done = publish(folder, tmp_path / "data")

    assert done.exit_code == 1
    assert not (tmp_path / "data").exists()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    done = run("check", "--catalogue", tmp_path)

    assert done.exit_code == 1
    assert "departments/ holds no files." in done.stderr


def test_a_place_that_cannot_be_written_is_told_plainly(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")

    done = publish(folder, tmp_path / "data")

    assert done.exit_code == 1
    assert done.stderr.startswith("Error: Nothing was published: ")


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    done = run("check", "--catalogue", tmp_path / "nowhere")

    assert done.exit_code == 2
    assert "does not exist" in done.stderr
