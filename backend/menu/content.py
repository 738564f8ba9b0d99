"""Reads `catalogue/`, checks it in plain sentences, and makes it one document to publish."""

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from backend.core.languages import Language
from backend.core.staff_yaml import ContentWrong, read_yaml
from backend.menu.catalogue import HotlineStatus, Level, Region, ServiceKind

HTTPS = validate.Regexp(r"^https?://[^\s]+\Z", error="“{input}” is not a web address")
SLUG = validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*\Z", error="“{input}” is not an id like water-pay")


def yes_or_no() -> fields.Boolean:
    """Make a field that holds the word yes or no, no when left out."""
    return fields.Boolean(load_default=False, truthy={"yes"}, falsy={"no"})


def one_of(known: Iterable[str]) -> Any:
    """Make a validator that names the nearest known word."""
    words = [str(word) for word in known]

    def check(value: str) -> None:
        if value not in words:
            near = difflib.get_close_matches(value, words, 1)
            hint = f" Did you mean “{near[0]}”?" if near else f" Choose of: {', '.join(words)}."
            raise ma.ValidationError(f"“{value}” is not known.{hint}")

    return check


class NamesSchema(ma.Schema):
    """A text in three languages."""

    for language in Language:
        locals()[language] = fields.String(required=True, validate=validate.Length(min=1))
    del language


class HotlineSchema(ma.Schema):
    number = fields.String(required=True, validate=validate.Regexp(r"^\+?[\d ]{3,20}\Z"))
    status = fields.String(required=True, validate=one_of(HotlineStatus))
    source = fields.String()


class ThemeSchema(ma.Schema):
    id = fields.String(required=True, validate=SLUG)
    name = fields.Nested(NamesSchema, required=True)


class ServiceSchema(ma.Schema):
    id = fields.String(required=True, validate=SLUG)
    name = fields.Nested(NamesSchema, required=True)
    theme = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(ServiceKind))
    level = fields.String(required=True, validate=one_of(Level))
    level_verified = yes_or_no()
    regions = fields.List(
        fields.String(validate=one_of(Region)), required=True, validate=validate.Length(min=1)
    )
    fps = yes_or_no()
    url = fields.String(load_default=None, validate=HTTPS)
    url_seen = yes_or_no()
    open_data = yes_or_no()
    hotline = fields.Nested(HotlineSchema, load_default=None)
    sources = fields.List(fields.String(), load_default=list)


class DepartmentSchema(ma.Schema):
    id = fields.String(required=True, validate=validate.Regexp(r"^[A-Z0-9]{2,10}\Z"))
    name = fields.Nested(NamesSchema, required=True)
    site = fields.String(required=True, validate=HTTPS)
    hotline = fields.Nested(HotlineSchema, load_default=None)
    services = fields.List(fields.Nested(ServiceSchema), required=True)


class ThemesFileSchema(ma.Schema):
    themes = fields.List(fields.Nested(ThemeSchema), required=True)


class SourcesFileSchema(ma.Schema):
    sources = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


def read_catalogue(folder: Path) -> dict[str, Any]:
    """Return the whole catalogue as one plain document; ContentWrong names all that is wrong."""
    wrong: list[str] = []
    themes = _load(folder / "themes.yaml", ThemesFileSchema(), wrong)
    sources = _load(folder / "sources.yaml", SourcesFileSchema(), wrong)
    files = sorted((folder / "departments").glob("*.yaml"))
    departments = [(path, _load(path, DepartmentSchema(), wrong)) for path in files]
    if not files:
        wrong.append(f"{folder.name}/departments holds no files.")
    if not wrong:
        wrong += _contradictions(themes["themes"], sources["sources"], departments)
    if wrong:
        raise ContentWrong("\n".join(wrong))
    document: dict[str, Any] = {
        "themes": themes["themes"],
        "departments": [department for _, department in departments],
    }
    packed = json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
    return {"version": hashlib.sha256(packed).hexdigest()[:16], **document}


def _load(path: Path, schema: ma.Schema, wrong: list[str]) -> Any:
    where = f"{path.parent.name}/{path.name}"
    try:
        return schema.load(read_yaml(path))
    except ContentWrong as error:
        wrong += str(error).splitlines()
    except ma.ValidationError as error:
        wrong += [f"{where}, {place}: {sentence}" for place, sentence in _places(error.messages)]
    return None


def _places(messages: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            step = f"number {name + 1}" if isinstance(name, int) else str(name)
            yield from _places(inner, f"{place} {step}".strip())
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield place, str(message)


def _contradictions(
    themes: list[dict[str, Any]], sources: dict[str, str], departments: list[tuple[Path, Any]]
) -> Iterator[str]:
    known_themes = [theme["id"] for theme in themes]
    seen: dict[str, str] = {}
    for path, department in departments:
        if path.stem != department["id"].lower():
            yield f"{path.name}: the id is {department['id']}, so the file is not named after it."
        for service in department["services"]:
            where = f"{path.name}, service {service['id']}"
            if service["id"] in seen:
                yield f"{where}: the id stands in {seen[service['id']]} already."
            seen[service["id"]] = path.name
            if service["theme"] not in known_themes:
                near = difflib.get_close_matches(service["theme"], known_themes, 1)
                hint = f" Did you mean “{near[0]}”?" if near else ""
                yield f"{where}: the theme “{service['theme']}” is not known.{hint}"
            for source in service["sources"]:
                if source not in sources:
                    yield f"{where}: the source “{source}” does not stand in sources.yaml."
