"""Departments whose very name says too much on a lock screen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from backend.menu.catalogue import Catalogue
from backend.menu.content import read_catalogue
from backend.menu.published import catalogue_of, load_catalogue, publish, with_version
from backend.menu.sheets import ContentWrong

WSD = "departments/wsd.yaml"
Change = Callable[[str, str, str], None]


@pytest.mark.parametrize("department_id", ["HA", "DH", "HKPF", "ICAC", "SWD", "LAD", "JUD"])
def test_health_police_and_welfare_are_discreet(catalogue: Catalogue, department_id: str) -> None:
    assert catalogue.is_discreet(department_id)


@pytest.mark.parametrize("department_id", ["WSD", "IRD", "RVD", "HKP", "TD"])
def test_those_who_only_send_bills_are_not(catalogue: Catalogue, department_id: str) -> None:
    assert not catalogue.is_discreet(department_id)


def test_a_department_that_nobody_knows_is_discreet(catalogue: Catalogue) -> None:
    assert catalogue.is_discreet("GONE")


def test_what_a_file_says_of_it_is_published(folder: Path, change: Change, tmp_path: Path) -> None:
    publish(read_catalogue(folder), tmp_path / "open")
    change(WSD, "site:", "discreet: yes\nsite:")
    publish(read_catalogue(folder), tmp_path / "discreet")

    assert not load_catalogue(tmp_path / "open").is_discreet("WSD")
    assert load_catalogue(tmp_path / "discreet").is_discreet("WSD")


def test_in_a_catalogue_of_an_older_version_everybody_is_discreet(folder: Path) -> None:
    document = read_catalogue(folder)
    for department in document["departments"]:
        del department["discreet"]

    assert catalogue_of(with_version(document)).is_discreet("WSD")


@pytest.mark.parametrize("word", ["true", "1", "maybe"])
def test_a_word_that_is_neither_yes_nor_no_is_not_published(
    folder: Path, change: Change, word: str
) -> None:
    change(WSD, "site:", f"discreet: {word}\nsite:")

    with pytest.raises(ContentWrong, match="“discreet” must be yes or no"):
        read_catalogue(folder)


def test_the_api_does_not_say_who_is_discreet(client: FlaskClient) -> None:
    assert "discreet" not in client.get("/v1/departments?limit=100").text
