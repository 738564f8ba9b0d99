"""The menu: every public service of every department, by theme, by search, in three languages.

The catalogue is content: YAML files under `catalogue/`, checked and published to the data folder
by `ferry catalogue publish`. It is illustrative, and every reply says so.
"""

from backend.menu.catalogue import GENERAL_HOTLINE, NOTICE, Catalogue, Service, ServiceKind
from backend.menu.favourites.actions import list_favourites
from backend.menu.paying import paying_service
from backend.menu.published import load_catalogue
from backend.menu.reading import Reader
from backend.menu.schemas import ServiceShape

__all__ = [
    "GENERAL_HOTLINE",
    "NOTICE",
    "Catalogue",
    "Reader",
    "Service",
    "ServiceKind",
    "ServiceShape",
    "list_favourites",
    "load_catalogue",
    "paying_service",
]
