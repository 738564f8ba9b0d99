"""The published catalogue: one JSON file in the data folder, swapped whole, read at start."""

import json
import os
from pathlib import Path
from typing import Any

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


def publish(document: dict[str, Any], data_dir: Path) -> None:
    """Write the checked document for the servers; the old one stands until the new one is whole."""
    data_dir.mkdir(parents=True, exist_ok=True)
    half = data_dir / (FILE + ".half")
    with half.open("w") as file:
        json.dump(document, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    half.replace(data_dir / FILE)


def load_catalogue(data_dir: Path) -> Catalogue:
    """Return the published catalogue, or raise NothingPublished with what to do about it."""
    try:
        document = json.loads((data_dir / FILE).read_text())
        return Catalogue(
            version=document["version"],
            themes=tuple(Theme(t["id"], Words.of(t["name"])) for t in document["themes"]),
            departments=tuple(_department(each) for each in document["departments"]),
            services=tuple(
                _service(service, each["id"])
                for each in document["departments"]
                for service in each["services"]
            ),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NothingPublished(
            f"There is no sound catalogue in {data_dir}. Run `ferry catalogue publish`."
        ) from error


def _department(fields: dict[str, Any]) -> Department:
    name = Words.of(fields["name"])
    return Department(fields["id"], name, fields["site"], _hotline(fields["hotline"]))


def _service(fields: dict[str, Any], department_id: str) -> Service:
    return Service(
        id=fields["id"],
        name=Words.of(fields["name"]),
        department_id=department_id,
        theme_id=fields["theme"],
        kind=ServiceKind(fields["kind"]),
        level=Level(fields["level"]),
        regions=tuple(Region(region) for region in fields["regions"]),
        url=fields["url"],
        hotline=_hotline(fields["hotline"]),
        pays_by_fps=fields["fps"],
        has_open_data=fields["open_data"],
    )


def _hotline(fields: dict[str, Any] | None) -> Hotline | None:
    return Hotline(fields["number"], HotlineStatus(fields["status"])) if fields else None
