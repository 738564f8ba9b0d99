"""Reads `catalogue/`, checks it in plain sentences, and makes it one document to publish."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marshmallow as ma

from backend.menu.published import with_version
from backend.menu.shapes import (
    KEYS,
    DepartmentSchema,
    SourcesFileSchema,
    ThemesFileSchema,
    did_you_mean,
)
from backend.menu.sheets import ContentWrong, Place, Sheet, read_sheet

# What marshmallow says, and how we say it to staff.
PLAINLY = {
    "Missing data for required field.": "is missing.",
    "Invalid input type.": "must hold keys of its own.",
    "Not a valid string.": "must be one text.",
    "Not a valid list.": "must be a list.",
    "Not a valid mapping type.": "must hold keys of its own.",
    "Not a valid boolean.": "must be yes or no.",
    "Shorter than minimum length 1.": "may not be empty.",
}
MEMBERS = {"services": "service", "themes": "theme"}


@dataclass(frozen=True)
class Wrong:
    """What is wrong at a place of a file: a sentence, or the end of one about its key."""

    sheet: Sheet
    place: Place
    sentence: str

    def __str__(self) -> str:
        line = self.sheet.line_of(self.place)
        heading = [self.sheet.where, f"line {line}" if line else "", *self._members()]
        return f"{', '.join(filter(None, heading))}: {self.sentence}"

    def _members(self) -> Iterator[str]:
        """Name the service or theme on the way down to the place."""
        content = self.sheet.content
        for above, step in zip((None, *self.place), self.place, strict=False):
            content = _below(content, step)
            if isinstance(step, int) and above in MEMBERS:
                named = _below(content, "id")
                yield f"{MEMBERS[str(above)]} {named if isinstance(named, str) else step + 1}"


def read_catalogue(folder: Path) -> dict[str, Any]:
    """Return the whole catalogue as one plain document; ContentWrong names all that is wrong."""
    wrong: list[str] = []
    themes_sheet, themes = load_file(folder / "themes.yaml", ThemesFileSchema(), wrong)
    _, sources = load_file(folder / "sources.yaml", SourcesFileSchema(), wrong)
    paths, strays = _files_of(folder / "departments")
    wrong += strays
    read = [load_file(path, DepartmentSchema(), wrong) for path in paths]
    departments = [(sheet, department) for sheet, department in read if sheet and department]
    if not wrong and themes_sheet:
        found = [
            *_doubled_themes(themes_sheet, themes["themes"]),
            *_contradictions(themes["themes"], sources["sources"], departments),
        ]
        wrong += [str(each) for each in found]
    if wrong:
        raise ContentWrong("\n".join(wrong))
    return with_version(
        {
            "themes": themes["themes"],
            "departments": [department for _, department in departments],
        }
    )


def load_file(path: Path, schema: ma.Schema, wrong: list[str]) -> tuple[Sheet | None, Any]:
    """Read a file and hold it to its shape; what is wrong with it is added to `wrong`."""
    try:
        sheet = read_sheet(path)
    except ContentWrong as error:
        wrong += str(error).splitlines()
        return None, None
    try:
        return sheet, schema.load(sheet.content)
    except ma.ValidationError as error:
        wrong += [str(each) for each in _misshapen(sheet, error.messages)]
        return sheet, None


def _files_of(folder: Path) -> tuple[list[Path], list[str]]:
    try:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        entries = []
    if not entries:
        return [], [f"{folder.name}/ holds no files."]
    strays = [path for path in entries if path.suffix != ".yaml"]
    return (
        [path for path in entries if path not in strays],
        [f"{folder.name}/{path.name}: the name does not end in .yaml." for path in strays],
    )


def _misshapen(sheet: Sheet, messages: Any, place: Place = ()) -> Iterator[Wrong]:
    if isinstance(messages, dict):
        for step, inner in messages.items():
            inside = place if step in ("_schema", "value", "key") else (*place, step)
            yield from _misshapen(sheet, inner, inside)
        return
    key = next((str(step) for step in reversed(place) if isinstance(step, str)), None)
    for message in messages if isinstance(messages, list) else [messages]:
        yield Wrong(sheet, place, _plainly(str(message), key))


def _plainly(message: str, key: str | None) -> str:
    named = f"“{key}”" if key else "the file"
    if key and message == "Unknown field.":
        return f"{named} is not known here.{did_you_mean(key, KEYS)}"
    if message in PLAINLY:
        return f"{named} {PLAINLY[message]}"
    return f"{named}: {message}"


def _doubled_themes(sheet: Sheet, themes: list[dict[str, Any]]) -> Iterator[Wrong]:
    seen = set()
    for number, theme in enumerate(themes):
        if theme["id"] in seen:
            yield Wrong(sheet, ("themes", number, "id"), "the id stands here twice.")
        seen.add(theme["id"])


def _contradictions(
    themes: list[dict[str, Any]],
    sources: dict[str, str],
    departments: Iterable[tuple[Sheet, dict[str, Any]]],
) -> Iterator[Wrong]:
    known_themes = [theme["id"] for theme in themes]
    file_of: dict[str, str] = {}
    for sheet, department in departments:
        named = f"departments/{department['id'].lower()}.yaml"
        if sheet.where != named:
            sentence = f"the id is {department['id']}, so the file must be called {named}."
            yield Wrong(sheet, ("id",), sentence)
        yield from _unknown_sources(sheet, (), department, sources)
        for number, service in enumerate(department["services"]):
            place = ("services", number)
            if service["id"] in file_of:
                sentence = f"the id stands in {file_of[service['id']]} already."
                yield Wrong(sheet, (*place, "id"), sentence)
            file_of[service["id"]] = sheet.where
            if service["theme"] not in known_themes:
                hint = did_you_mean(service["theme"], known_themes)
                sentence = f"the theme “{service['theme']}” is not known.{hint}"
                yield Wrong(sheet, (*place, "theme"), sentence)
            yield from _unknown_sources(sheet, place, service, sources)


def _unknown_sources(
    sheet: Sheet, place: Place, entry: dict[str, Any], sources: dict[str, str]
) -> Iterator[Wrong]:
    named = [*entry.get("sources", []), (entry["hotline"] or {}).get("source")]
    for source in named:
        if source and source not in sources:
            yield Wrong(sheet, place, f"the source “{source}” does not stand in sources.yaml.")


def _below(content: Any, step: str | int) -> Any:
    try:
        return content[step]
    except (KeyError, IndexError, TypeError):
        return None
