"""The menu: every public service of every department, by theme, by search, in three languages.

The catalogue is content: YAML files under `catalogue/`, checked and published to the data folder
by `ferry catalogue publish`. It is illustrative, and every reply says so.
"""

from backend.menu.catalogue import GENERAL_HOTLINE, NOTICE, Catalogue, Service, ServiceKind
from backend.menu.published import load_catalogue

__all__ = [
    "GENERAL_HOTLINE",
    "NOTICE",
    "Catalogue",
    "Service",
    "ServiceKind",
    "load_catalogue",
]
