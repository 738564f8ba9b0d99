"""The checkout's own catalogue: whole, and each text in its own script."""

from collections.abc import Iterator

import pytest

from backend.core.languages import Words
from backend.core.text import VARIANTS, fold, simplified_table
from backend.menu.catalogue import Catalogue


def names(catalogue: Catalogue) -> Iterator[Words]:
    for group in (catalogue.themes, catalogue.departments, catalogue.services):
        yield from (entry.name for entry in group)


def test_the_menu_holds_what_the_demo_city_promises(catalogue: Catalogue) -> None:
    assert len(catalogue.services) == len(catalogue.service_by_id) == 206
    assert len(catalogue.departments) == len(catalogue.department_by_id) == 50
    assert len(catalogue.themes) == len(catalogue.theme_by_id) == 14


def test_simplified_texts_hold_no_traditional_character(catalogue: Catalogue) -> None:
    for name in names(catalogue):
        # 邨, 咭 and their like are variants that fold, and right in both scripts
        foreign = set(name.zh_hans) - set(VARIANTS)
        wrong = [each for each in foreign if ord(each) in simplified_table()]
        assert wrong == [], name.zh_hans


def test_the_two_chinese_texts_say_the_same(catalogue: Catalogue) -> None:
    for name in names(catalogue):
        same = [fold(text) for text in (name.zh_hant, name.zh_hans)]
        assert same[0] == same[1]


@pytest.mark.parametrize("wrong", ["衞", "帐", "纪录", "裏", "綫"])
def test_known_slips_of_machine_conversion_are_mended(catalogue: Catalogue, wrong: str) -> None:
    assert not [name.zh_hans for name in names(catalogue) if wrong in name.zh_hans]


def test_nothing_else_that_people_call_a_service_is_its_name_already(
    catalogue: Catalogue,
) -> None:
    for service in catalogue.services:
        name = service.name
        also = [fold(text) for text in service.also]
        assert len(also) == len(set(also)), service.id
        assert not {fold(text) for text in (name.en, name.zh_hant, name.zh_hans)} & set(also)


def test_no_two_services_are_called_the_same(catalogue: Catalogue) -> None:
    called: dict[str, str] = {}
    for service in catalogue.services:
        name = service.name
        for text in {fold(each) for each in (name.en, name.zh_hant, name.zh_hans, *service.also)}:
            assert called.setdefault(text, service.id) == service.id, text
