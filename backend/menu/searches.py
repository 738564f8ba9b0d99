"""Holds the menu's search to what the staff wrote in `searches.yaml`: what people type must find."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.menu.catalogue import Catalogue
from backend.menu.content import load_file
from backend.menu.search import LONGEST_QUERY, SearchIndex
from backend.menu.shapes import SearchesFileSchema, did_you_mean
from backend.menu.sheets import ContentWrong

FILE = "searches.yaml"


@dataclass(frozen=True)
class Searches:
    """Words as typed, and the service that must come first, or among the first three."""

    first: Mapping[str, str]
    among: Mapping[str, str]


def read_searches(folder: Path) -> Searches:
    """Return what `searches.yaml` asks for; nothing where there is no such file."""
    if not (folder / FILE).exists():
        return Searches({}, {})
    wrong: list[str] = []
    _, fields = load_file(folder / FILE, SearchesFileSchema(), wrong)
    if wrong:
        raise ContentWrong("\n".join(wrong))
    return Searches(fields["first"], fields["among"])


def ensure_found(searches: Searches, catalogue: Catalogue) -> None:
    """Try every search; ContentWrong names those that do not find what they must."""
    index = SearchIndex(catalogue)
    missed = [
        *_missed(searches.first, catalogue, index, 1),
        *_missed(searches.among, catalogue, index, 3),
    ]
    if missed:
        raise ContentWrong("\n".join(missed))


def _missed(
    wanted: Mapping[str, str], catalogue: Catalogue, index: SearchIndex, places: int
) -> Iterator[str]:
    for typed, service_id in wanted.items():
        where = f"{FILE}, “{typed}”"
        if len(typed) > LONGEST_QUERY:
            yield f"{where}: this is longer than {LONGEST_QUERY} characters."
            continue
        if service_id not in catalogue.service_by_id:
            hint = did_you_mean(service_id, catalogue.service_by_id)
            yield f"{where}: there is no service “{service_id}”.{hint}"
            continue
        found = [hit.service.id for hit in index.search(typed, places)]
        if service_id not in found:
            among = "first" if places == 1 else f"among the first {places}"
            yield f"{where}: must find {service_id} {among}, but finds {', '.join(found) or 'none'}."
