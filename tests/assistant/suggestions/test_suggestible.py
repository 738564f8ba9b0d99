"""Which phrases may be suggested at all, and in which order."""

import pytest

from backend.assistant import Release
from backend.assistant.releases.release import Kind
from backend.assistant.suggestions.suggestible import (
    LONGEST,
    Phrase,
    keys_of,
    script_of,
    suggestible,
)
from backend.core.languages import Language
from backend.core.settings import CHECKOUT
from backend.menu import Catalogue
from backend.menu.content import read_catalogue
from backend.menu.published import catalogue_of


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return catalogue_of(read_catalogue(CHECKOUT / "catalogue"))


@pytest.fixture(scope="module")
def phrases(release: Release, catalogue: Catalogue) -> list[Phrase]:
    return suggestible(release, catalogue)


def texts_of(release: Release, kind: Kind) -> set[str]:
    rows = zip(release.targets, release.examples, strict=True)
    return {text for target, each in rows if target.kind is kind for text in each.texts}


@pytest.mark.slow
def test_nothing_of_a_crisis_or_from_outside_is_suggested(
    release: Release, phrases: list[Phrase]
) -> None:
    shown = {phrase.text for phrase in phrases}

    for kind in (Kind.CRISIS, Kind.OUTSIDE, Kind.NEAR_CRISIS):
        assert not shown & texts_of(release, kind)
    assert texts_of(release, Kind.CRISIS)


@pytest.mark.slow
def test_small_talk_is_not_suggested(release: Release, phrases: list[Phrase]) -> None:
    assert release.talk is not None
    talk = texts_of(release.talk, Kind.SERVICE)

    assert talk
    assert not {phrase.text for phrase in phrases if not phrase.is_name} & (
        talk - texts_of(release, Kind.SERVICE)
    )


@pytest.mark.slow
def test_long_phrases_are_not_suggested(release: Release, phrases: list[Phrase]) -> None:
    too_long = [
        phrase.text
        for phrase in phrases
        if not phrase.is_name and len(phrase.text) > LONGEST[phrase.language]
    ]

    assert too_long == []
    assert any(len(text) > 60 for text in texts_of(release, Kind.SERVICE))


@pytest.mark.slow
def test_every_service_of_the_menu_can_be_found_by_its_name(
    phrases: list[Phrase], catalogue: Catalogue
) -> None:
    named = {(phrase.text, phrase.language) for phrase in phrases if phrase.is_name}

    for service in catalogue.services:
        for language in Language:
            assert (service.name.into(language), language) in named


@pytest.mark.slow
def test_languages_come_one_after_another(phrases: list[Phrase]) -> None:
    languages = [phrase.language for phrase in phrases]

    assert languages == sorted(languages, key=list(Language).index)


@pytest.mark.slow
def test_slips_that_staff_wrote_down_are_not_shown(phrases: list[Phrase]) -> None:
    words = {key for phrase in phrases if phrase.language is Language.EN for key in phrase.keys}

    assert "hospital" in words
    assert not words & {"hospial", "hosptal", "invioce", "hopsital", "twise"}


@pytest.mark.slow
def test_the_order_is_the_same_each_time(release: Release, catalogue: Catalogue) -> None:
    once, again = suggestible(release, catalogue), suggestible(release, catalogue)

    assert [phrase.text for phrase in once] == [phrase.text for phrase in again]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("交水費", Language.ZH_HANT),
        ("交水费", Language.ZH_HANS),
        ("交水", None),
        ("MPF", None),
    ],
)
def test_a_script_is_told_by_what_only_it_writes(text: str, script: Language | None) -> None:
    assert script_of(text) is script


def test_keys_are_words_and_pairs_of_characters() -> None:
    assert keys_of("交水费 by fps 交水") == ("交水", "水费", "费", "by", "fps", "水")
    assert keys_of("") == ()
