"""Broken catalogue files: every kind is told in a plain sentence that names file and service."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.menu.content import read_catalogue
from backend.menu.sheets import ContentWrong

WSD = "departments/wsd.yaml"
LEVELS = "Choose of: none, optional, smart, plus, unknown."
REGIONS = "Choose of: hong-kong, cross-boundary."
Change = Callable[[str, str, str], None]


def sentences(folder: Path) -> list[str]:
    """Return what is wrong, without the lines, which not every kind of error has."""
    with pytest.raises(ContentWrong) as error:
        read_catalogue(folder)
    return [re.sub(r", line \d+", "", sentence) for sentence in str(error.value).splitlines()]


def test_a_sound_catalogue_becomes_one_document(folder: Path) -> None:
    document = read_catalogue(folder)

    assert [theme["id"] for theme in document["themes"]] == ["bills", "house"]
    services = document["departments"][0]["services"]
    assert [service["id"] for service in services] == ["wsd-pay", "wsd-meter"]
    assert services[0]["fps"] is True
    assert services[1]["also"] == []


def test_the_version_changes_with_the_content_and_only_then(folder: Path, change: Change) -> None:
    first = read_catalogue(folder)["version"]
    change(WSD, "site:", "# a remark\nsite:")
    remarked = read_catalogue(folder)["version"]
    change(WSD, "kind: pay", "kind: file")

    assert first == remarked != read_catalogue(folder)["version"]


BROKEN = {
    "a missing key": (
        "    kind: pay\n",
        "",
        f"{WSD}, service wsd-pay: “kind” is missing.",
    ),
    "a missing language": (
        "      zh-Hant: 繳交水費\n",
        "",
        f"{WSD}, service wsd-pay: “zh-Hant” is missing.",
    ),
    "a key misspelt": (
        "    fps: yes",
        "    fsp: yes",
        f"{WSD}, service wsd-pay: “fsp” is not known here. Did you mean “fps”?",
    ),
    "an unknown theme": (
        "theme: bills",
        "theme: bill",
        f"{WSD}, service wsd-pay: the theme “bill” is not known. Did you mean “bills”?",
    ),
    "an unknown kind": (
        "kind: file",
        "kind: fille",
        f"{WSD}, service wsd-meter: “kind”: “fille” is not known. Did you mean “file”?",
    ),
    "an unknown level": (
        "level: none",
        "level: gold",
        f"{WSD}, service wsd-pay: “level”: “gold” is not known. {LEVELS}",
    ),
    "an unknown region": (
        "[hong-kong, cross-boundary]",
        "[hong-kong, macao]",
        f"{WSD}, service wsd-meter: “regions”: “macao” is not known. {REGIONS}",
    ),
    "no region": (
        "[hong-kong, cross-boundary]",
        "[]",
        f"{WSD}, service wsd-meter: “regions” may not be empty.",
    ),
    "a region twice": (
        "[hong-kong, cross-boundary]",
        "[hong-kong, hong-kong]",
        f"{WSD}, service wsd-meter: “regions”: “hong-kong” stands here twice.",
    ),
    "an id twice in a file": (
        "id: wsd-meter",
        "id: wsd-pay",
        f"{WSD}, service wsd-pay: the id stands in {WSD} already.",
    ),
    "an id out of form": (
        "id: wsd-meter",
        "id: wsd_meter",
        f"{WSD}, service wsd_meter: “id”: “wsd_meter” is not an id like water-pay.",
    ),
    "an id that no address can hold": (
        "id: wsd-meter",
        "id: " + "m" * 61,
        f"{WSD}, service {'m' * 61}: “id”: “{'m' * 61}” is not an id like water-pay.",
    ),
    "the id of the search": (
        "id: wsd-meter",
        "id: search",
        f"{WSD}, service search: “id”: “search” cannot be an id, as the search stands there.",
    ),
    "no id": (
        "  - id: wsd-meter\n    name:",
        "  - name:",
        f"{WSD}, service 2: “id” is missing.",
    ),
    "a name of blanks": (
        "en: Water Meter Reading",
        'en: "  "',
        f"{WSD}, service wsd-meter: “en”: here is nothing written.",
    ),
    "a name left empty": (
        "en: Water Meter Reading",
        "en:",
        f"{WSD}, service wsd-meter: “en”: here is nothing written.",
    ),
    "a name of two lines": (
        "en: Water Meter Reading",
        'en: "Water\\nMeter"',
        f"{WSD}, service wsd-meter: “en”: this must be one line, with no blanks around it.",
    ),
    "a name without end": (
        "en: Water Meter Reading",
        "en: " + "Water " * 21 + "Meter",
        f"{WSD}, service wsd-meter: “en”: this is longer than 120 characters.",
    ),
    "a list for a text": (
        "en: Water Meter Reading",
        "en: [Water, Meter]",
        f"{WSD}, service wsd-meter: “en” must be one text.",
    ),
    "a text for a list": (
        "[hong-kong, cross-boundary]",
        "hong-kong",
        f"{WSD}, service wsd-meter: “regions” must be a list.",
    ),
    "a text for keys": (
        "name:\n      en: Water Meter Reading\n      zh-Hant: 水錶讀數\n      zh-Hans: 水表读数",
        "name: Water Meter Reading",
        f"{WSD}, service wsd-meter: “name” must hold keys of its own.",
    ),
    "neither yes nor no": (
        "fps: yes",
        "fps: maybe",
        f"{WSD}, service wsd-pay: “fps” must be yes or no.",
    ),
    "an unknown source": (
        "sources: [P-wsd]",
        "sources: [P-wds]",
        f"{WSD}, service wsd-pay: the source “P-wds” does not stand in sources.yaml.",
    ),
    "a hotline of an unknown source": (
        "secondary, source: P-wsd",
        "secondary, source: P-wds",
        f"{WSD}: the source “P-wds” does not stand in sources.yaml.",
    ),
    "a hotline of words": (
        '"2824 5000"',
        "ask inside",
        f"{WSD}: “number”: “ask inside” is not a telephone number.",
    ),
    "a hotline of unknown trust": (
        "status: secondary",
        "status: secondry",
        f"{WSD}: “status”: “secondry” is not known. Did you mean “secondary”?",
    ),
    "a file not named after its id": (
        "id: WSD",
        "id: WSX",
        f"{WSD}: the id is WSX, so the file must be called departments/wsx.yaml.",
    ),
    "a department's id out of form": (
        "id: WSD",
        "id: Water",
        f"{WSD}: “id”: “Water” is not a department's id like WSD.",
    ),
    "no services at all": (
        "services:\n",
        "offers:\n",
        f"{WSD}: “services” is missing.",
    ),
}


@pytest.mark.parametrize(("old", "new", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_department_is_told_plainly(
    folder: Path, change: Change, old: str, new: str, sentence: str
) -> None:
    change(WSD, old, new)

    assert sentence in sentences(folder)


@pytest.mark.parametrize(
    "address",
    [
        "www.wsd.gov.hk",
        "http://www.wsd.gov.hk",
        "htps://www.wsd.gov.hk",
        "javascript:alert(1)",
        "https://",
        "https://localhost/x",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[",
        "https://www.gov.hk@evil.example/",
        "https://www.wsd.gov.hk:99999/",
        "https://www.wsd.gov.hk:0/",
        "https://www.wsd gov.hk",
        "https://www.wsd.gov.hk\\\\@evil.example",
        "https://水務署.香港",
        "https://www.wsd.gov.hk/\\u202e",
        "",
    ],
)
def test_an_address_that_a_phone_should_not_open_is_refused(
    folder: Path, change: Change, address: str
) -> None:
    change(WSD, '"https://www.wsd.gov.hk"', f'"{address}"')

    (sentence,) = sentences(folder)
    assert sentence.startswith(f"{WSD}: “site”: “")
    assert sentence.endswith("” is not a web address that begins with https://.")


@pytest.mark.parametrize(
    "text",
    [
        "id: [",
        "id: 'WSD",
        "\tid: WSD",
        "id: WSD: water",
        "id: @WSD",
        "a: &anchor b\nc: *anchor",
        "a: &anchor b",
        "<<: {a: b}\n? [x]\n: y",
        "id: \x07",
        "]",
        "{" * 300,
    ],
    ids=range(11),
)
def test_what_is_not_plain_yaml_is_told_plainly(folder: Path, text: str) -> None:
    (folder / WSD).write_text(text, encoding="utf-8")

    told = sentences(folder)
    assert told
    assert all(sentence.startswith(WSD) for sentence in told)
    assert all(sentence.endswith(".") for sentence in told)


def test_anchors_and_aliases_are_refused_where_they_stand(folder: Path, change: Change) -> None:
    change(WSD, "regions: [hong-kong]", "regions: &r [hong-kong]")
    change(WSD, "regions: [hong-kong, cross-boundary]", "regions: *r")

    (sentence,) = sentences(folder)
    assert sentence.startswith(WSD)
    assert "anchors" in sentence


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"id: \xe6\xb0", "id: 水".encode("big5")])
def test_a_file_that_is_not_utf_8_is_told_plainly(folder: Path, raw: bytes) -> None:
    (folder / WSD).write_bytes(raw)

    (sentence,) = sentences(folder)
    assert sentence.startswith(WSD)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]", "WSD", "- id: WSD", "---\n...\n"])
def test_a_file_that_holds_no_keys_is_told_plainly(folder: Path, text: str) -> None:
    (folder / WSD).write_text(text)

    assert all(sentence.startswith(f"{WSD}: ") for sentence in sentences(folder))


@pytest.mark.parametrize("name", ["themes.yaml", "sources.yaml"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    assert sentences(folder) == [f"{name} is missing."]


def test_an_empty_folder_is_told_whole(tmp_path: Path) -> None:
    assert sentences(tmp_path) == [
        "themes.yaml is missing.",
        "sources.yaml is missing.",
        "departments/ holds no files.",
    ]


def test_a_folder_of_no_departments_is_told(folder: Path) -> None:
    (folder / WSD).unlink()

    assert sentences(folder) == ["departments/ holds no files."]


def test_a_file_of_another_ending_is_not_passed_over_in_silence(folder: Path) -> None:
    (folder / WSD).rename(folder / "departments/wsd.yml")

    assert sentences(folder) == ["departments/wsd.yml: the name does not end in .yaml."]


def test_an_editors_hidden_file_is_passed_over(folder: Path) -> None:
    (folder / "departments/.wsd.yaml.swp").write_bytes(b"\0")

    assert read_catalogue(folder)["departments"]


def test_a_folder_named_like_a_file_is_told_plainly(folder: Path) -> None:
    (folder / "departments/td.yaml").mkdir()

    (sentence,) = sentences(folder)
    assert sentence.startswith("departments/td.yaml cannot be read: ")


def test_an_id_in_two_departments_is_told_with_both_files(folder: Path) -> None:
    other = (folder / WSD).read_text(encoding="utf-8").replace("id: WSD", "id: TD")
    (folder / "departments/td.yaml").write_text(other, encoding="utf-8")

    assert sentences(folder) == [
        f"{WSD}, service wsd-pay: the id stands in departments/td.yaml already.",
        f"{WSD}, service wsd-meter: the id stands in departments/td.yaml already.",
    ]


def test_a_theme_twice_is_told(folder: Path, change: Change) -> None:
    change("themes.yaml", "id: house", "id: bills")

    assert "themes.yaml, theme bills: the id stands here twice." in sentences(folder)


def test_a_theme_without_a_language_is_told(folder: Path, change: Change) -> None:
    change("themes.yaml", ", zh-Hans: 房屋", "")

    assert sentences(folder) == ["themes.yaml, theme house: “zh-Hans” is missing."]


def test_no_themes_at_all_is_told(folder: Path) -> None:
    (folder / "themes.yaml").write_text("themes: []\n")

    assert sentences(folder) == ["themes.yaml: “themes” may not be empty."]


def test_all_that_is_wrong_is_told_at_once(folder: Path, change: Change) -> None:
    change(WSD, "    kind: pay\n", "")
    change(WSD, "kind: file", "kind: fille")
    change("themes.yaml", ", zh-Hans: 房屋", "")

    assert len(sentences(folder)) == 3


@pytest.mark.parametrize("word", ["no", "12:30", "0123", "1_000", "null", "2026-12-01", "~"])
def test_every_word_stays_the_text_that_was_written(
    folder: Path, change: Change, word: str
) -> None:
    change(WSD, "en: Water Meter Reading", f"en: {word}")

    name = read_catalogue(folder)["departments"][0]["services"][1]["name"]
    assert name["en"] == word
