"""The shape of the catalogue's files: which keys, of what kind; their errors are half-sentences."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma
from marshmallow import fields, validate

from backend.core.languages import Language
from backend.menu.catalogue import HotlineStatus, Level, Region, ServiceKind

LONGEST_NAME = 120
# A word that an address of the API has taken: /v1/services/search.
TAKEN_ID = "search"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest of the known words, or all of them if they are few."""
    words = list(known)
    near = difflib.get_close_matches(word, words, 1)
    if near:
        return f" Did you mean “{near[0]}”?"
    return f" Choose of: {', '.join(words)}." if len(words) <= 15 else ""


def one_of(known: Iterable[str]) -> Callable[[str], None]:
    """Make a validator that names the nearest known word."""
    words = [str(word) for word in known]

    def check(value: str) -> None:
        if value not in words:
            raise ma.ValidationError(f"“{value}” is not known.{did_you_mean(value, words)}")

    return check


def is_text(value: str) -> None:
    """Take one printable line that has something on it."""
    if not value.strip():
        raise ma.ValidationError("here is nothing written.")
    if value != value.strip() or not value.isprintable():
        raise ma.ValidationError("this must be one line, with no blanks around it.")
    if len(value) > LONGEST_NAME:
        raise ma.ValidationError(f"this is longer than {LONGEST_NAME} characters.")


def is_web_address(value: str) -> None:
    """Take https to a named host, in ASCII, with nobody's name in it: what a phone may open."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    plain = value.isascii() and value.isprintable() and " " not in value and "\\" not in value
    named = "." in host.strip(".") and not host.replace(".", "").isdigit() and "[" not in value
    if not (plain and named and value.startswith("https://")) or "@" in value or port == 0:
        raise ma.ValidationError(f"“{value}” is not a web address that begins with https://.")


def is_id(value: str) -> None:
    """Take what stands in an address of the API: at most 60 of a–z, 0–9 and single hyphens."""
    words = value.split("-")
    plain = value.isascii() and value == value.lower() and len(value) <= 60
    if not (plain and all(word.isalnum() for word in words)):
        raise ma.ValidationError(f"“{value}” is not an id like water-pay.")
    if value == TAKEN_ID:
        raise ma.ValidationError(f"“{value}” cannot be an id, as the search stands there.")


def has_no_doubles(values: list[str]) -> None:
    """Take a list that says nothing twice."""
    doubled = next((value for value in values if values.count(value) > 1), None)
    if doubled is not None:
        raise ma.ValidationError(f"“{doubled}” stands here twice.")


def yes_or_no() -> fields.Boolean:
    """Make a field that holds the word yes or no, no when left out."""
    return fields.Boolean(load_default=False, truthy={"yes"}, falsy={"no"})


def texts(validator: Any, **options: Any) -> fields.List[Any]:
    """Make a field that holds a list of texts, each different."""
    return fields.List(fields.String(validate=validator), **options)


class NamesSchema(ma.Schema):
    """A text in three languages."""

    for language in Language:
        locals()[language] = fields.String(required=True, validate=is_text)
    del language


class HotlineSchema(ma.Schema):
    number = fields.String(
        required=True,
        validate=validate.Regexp(
            r"\+?\d[\d ]{1,18}\d\Z", error="“{input}” is not a telephone number."
        ),
    )
    status = fields.String(required=True, validate=one_of(HotlineStatus))
    source = fields.String(load_default=None)


class ThemeSchema(ma.Schema):
    id = fields.String(required=True, validate=is_id)
    name = fields.Nested(NamesSchema, required=True)


class ServiceSchema(ma.Schema):
    id = fields.String(required=True, validate=is_id)
    name = fields.Nested(NamesSchema, required=True)
    also = texts(is_text, load_default=list, validate=has_no_doubles)
    theme = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(ServiceKind))
    level = fields.String(required=True, validate=one_of(Level))
    level_verified = yes_or_no()
    regions = texts(
        one_of(Region), required=True, validate=[validate.Length(min=1), has_no_doubles]
    )
    fps = yes_or_no()
    url = fields.String(load_default=None, validate=is_web_address)
    url_seen = yes_or_no()
    open_data = yes_or_no()
    open_data_url = fields.String(load_default=None, validate=is_web_address)
    hotline = fields.Nested(HotlineSchema, load_default=None)
    sources = texts(is_text, load_default=list, validate=has_no_doubles)


class DepartmentSchema(ma.Schema):
    id = fields.String(
        required=True,
        validate=validate.Regexp(
            r"[A-Z0-9]{2,10}\Z", error="“{input}” is not a department's id like WSD."
        ),
    )
    name = fields.Nested(NamesSchema, required=True)
    site = fields.String(required=True, validate=is_web_address)
    discreet = yes_or_no()
    hotline = fields.Nested(HotlineSchema, load_default=None)
    services = fields.List(fields.Nested(ServiceSchema), required=True)


class ThemesFileSchema(ma.Schema):
    themes = fields.List(fields.Nested(ThemeSchema), required=True, validate=validate.Length(min=1))


class SourcesFileSchema(ma.Schema):
    sources = fields.Dict(
        keys=fields.String(), values=fields.String(validate=validate.Length(min=1)), required=True
    )


class SearchesFileSchema(ma.Schema):
    """What people type, and the service that must come first, or among the first three."""

    first = fields.Dict(keys=fields.String(validate=is_text), values=fields.String(), required=True)
    among = fields.Dict(keys=fields.String(validate=is_text), values=fields.String(), required=True)


_SHAPES = (HotlineSchema, ThemeSchema, ServiceSchema, DepartmentSchema)
KEYS = sorted({name for shape in _SHAPES for name in shape._declared_fields})
