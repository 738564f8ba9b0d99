"""`searches.yaml`: what people type must find its service, or the catalogue is not published."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.menu.content import read_catalogue
from backend.menu.published import catalogue_of
from backend.menu.searches import ensure_found, read_searches
from backend.menu.sheets import ContentWrong

Change = Callable[[str, str, str], None]


def told(folder: Path) -> list[str]:
    with pytest.raises(ContentWrong) as error:
        ensure_found(read_searches(folder), catalogue_of(read_catalogue(folder)))
    return str(error.value).splitlines()


def test_searches_that_find_what_they_must_pass(folder: Path) -> None:
    ensure_found(read_searches(folder), catalogue_of(read_catalogue(folder)))


def test_a_catalogue_may_have_no_searches(folder: Path) -> None:
    (folder / "searches.yaml").unlink()

    ensure_found(read_searches(folder), catalogue_of(read_catalogue(folder)))


def test_a_name_that_can_no_longer_be_found_is_told(folder: Path, change: Change) -> None:
    change("departments/wsd.yaml", "also: [water bill]", "also: []")
    change("departments/wsd.yaml", "en: Payment of Water Charges", "en: Payment of Charges")

    assert told(folder) == [
        "searches.yaml, “water bill”: must find wsd-pay first, but finds wsd-meter."
    ]


def test_a_search_that_finds_nothing_is_told(folder: Path, change: Change) -> None:
    change("searches.yaml", "water: wsd-meter", "qqqqqq: wsd-meter")

    assert told(folder) == [
        "searches.yaml, “qqqqqq”: must find wsd-meter among the first 3, but finds none."
    ]


def test_a_search_for_a_service_that_does_not_exist_is_told(folder: Path, change: Change) -> None:
    change("searches.yaml", "wsd-meter", "wsd-metre")

    assert told(folder) == [
        "searches.yaml, “water”: there is no service “wsd-metre”. Did you mean “wsd-meter”?"
    ]


def test_a_search_that_nobody_could_send_is_told(folder: Path, change: Change) -> None:
    change("searches.yaml", "water: wsd-meter", "w" * 101 + ": wsd-meter")

    assert told(folder) == [f"searches.yaml, “{'w' * 101}”: this is longer than 100 characters."]


@pytest.mark.parametrize("text", ["first: {}\n", "first: {}\namong: water\n", "[]", "first: {"])
def test_a_broken_table_of_searches_is_told(folder: Path, text: str) -> None:
    (folder / "searches.yaml").write_text(text)

    assert all(sentence.startswith("searches.yaml") for sentence in told(folder))
