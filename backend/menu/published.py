"""The published catalogue: one JSON file in the data folder, swapped whole, read at start."""

import hashlib
import json
from pathlib import Path
from typing import Any

from backend.core.durable import replace_whole
from backend.core.languages import Words
from backend.menu.catalogue import (
    Catalogue,
    Department,
    Hotline,
    HotlineStatus,
    Level,
    Region,
    Service,
    ServiceKind,
    Theme,
)

FILE = "catalogue.json"


class NothingPublished(Exception):
    """There is no published catalogue, or it is broken."""


def with_version(content: dict[str, Any]) -> dict[str, Any]:
    """Return the document to publish: `content` and, as its version, the hash of the rest of it."""
    rest = {name: value for name, value in content.items() if name != "version"}
    packed = json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()
    return {**rest, "version": hashlib.sha256(packed).hexdigest()[:16]}


def publish(document: dict[str, Any], data_dir: Path) -> None:
    """Write the checked document for the servers; the old one stands until the new one is whole."""
    data_dir.mkdir(parents=True, exist_ok=True)
    replace_whole(data_dir / FILE, json.dumps(document, ensure_ascii=False).encode())


def load_catalogue(data_dir: Path) -> Catalogue:
    """Return the published catalogue, or raise NothingPublished with what to do about it."""
    try:
        text = (data_dir / FILE).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _nothing(data_dir, "There is no catalogue") from error
    except (OSError, ValueError) as error:
        raise _nothing(data_dir, "The catalogue cannot be read") from error
    try:
        document = json.loads(text)
        is_ours = document == with_version(document)
    except (ValueError, AttributeError, RecursionError) as error:
        raise _nothing(data_dir, "The catalogue is not whole") from error
    if not is_ours:
        raise _nothing(data_dir, "The catalogue was changed after it was published")
    try:
        return catalogue_of(document)
    except (ValueError, KeyError, TypeError) as error:
        raise _nothing(data_dir, "The catalogue is of another version of Ferry") from error


def catalogue_of(document: dict[str, Any]) -> Catalogue:
    """Make the catalogue out of its document; KeyError, TypeError, ValueError if it is not one."""
    return Catalogue(
        version=document["version"],
        themes=tuple(Theme(each["id"], Words.of(each["name"])) for each in document["themes"]),
        departments=tuple(_department(each) for each in document["departments"]),
        services=tuple(
            _service(service, each["id"])
            for each in document["departments"]
            for service in each["services"]
        ),
    )


def _nothing(data_dir: Path, what: str) -> NothingPublished:
    return NothingPublished(f"{what} in {data_dir}. Run `ferry catalogue publish`.")


def _department(fields: dict[str, Any]) -> Department:
    return Department(
        id=fields["id"],
        name=Words.of(fields["name"]),
        site=fields["site"],
        hotline=_hotline(fields["hotline"]),
        # A catalogue published before anybody could be discreet does not say who is not.
        is_discreet=fields.get("discreet", True),
    )


def _service(fields: dict[str, Any], department_id: str) -> Service:
    return Service(
        id=fields["id"],
        name=Words.of(fields["name"]),
        also=tuple(fields["also"]),
        department_id=department_id,
        theme_id=fields["theme"],
        kind=ServiceKind(fields["kind"]),
        level=Level(fields["level"]),
        regions=tuple(Region(region) for region in fields["regions"]),
        url=fields["url"],
        hotline=_hotline(fields["hotline"]),
        pays_by_fps=fields["fps"],
        has_open_data=fields["open_data"],
        open_data_url=fields["open_data_url"],
    )


def _hotline(fields: dict[str, Any] | None) -> Hotline | None:
    return Hotline(fields["number"], HotlineStatus(fields["status"])) if fields else None
