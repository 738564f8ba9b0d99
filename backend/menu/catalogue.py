"""What the menu is made of, and how a service is picked from it; pure, no files, no web."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice

from backend.core.errors import Invalid, NotFound
from backend.core.languages import Language, Words

GENERAL_HOTLINE = "1823"
NOTICE = Words(
    "Illustrative demo content. Not official, and not connected to any government.",
    "示範內容，並非官方資料，與任何政府機構無關。",
    "示范内容，并非官方资料，与任何政府机构无关。",
)


class ServiceKind(StrEnum):
    """What one does there."""

    APPLY = "apply"
    BOOK = "book"
    CLAIM = "claim"
    ENQUIRE = "enquire"
    FILE = "file"
    PAY = "pay"
    DOCUMENT = "document"
    REGISTER = "register"
    RENEW = "renew"
    REPORT = "report"
    SUBSCRIBE = "subscribe"
    UPDATE = "update"


class Level(StrEnum):
    """Which account a service asks for."""

    NONE = "none"
    OPTIONAL = "optional"
    SMART = "smart"
    PLUS = "plus"
    UNKNOWN = "unknown"


class Region(StrEnum):
    """Where a service can be used."""

    HONG_KONG = "hong-kong"
    CROSS_BOUNDARY = "cross-boundary"


class HotlineStatus(StrEnum):
    """How far a number may be trusted."""

    OFFICIAL = "official"
    SECONDARY = "secondary"
    UNCHECKED = "unchecked"


CHECKED = (HotlineStatus.OFFICIAL, HotlineStatus.SECONDARY)


class ServiceNotFound(NotFound):
    code = "service_not_found"


class ThemeNotKnown(Invalid):
    code = "theme_not_known"
    says = Words(
        "The menu has no theme “{theme}”. See /v1/themes.",
        "目錄沒有「{theme}」這個主題，請參閱 /v1/themes。",
        "目录没有“{theme}”这个主题，请参阅 /v1/themes。",
    )


class DepartmentNotKnown(Invalid):
    code = "department_not_known"
    says = Words(
        "The menu has no department “{department}”. See /v1/departments.",
        "目錄沒有「{department}」這個部門，請參閱 /v1/departments。",
        "目录没有“{department}”这个部门，请参阅 /v1/departments。",
    )


@dataclass(frozen=True)
class Hotline:
    """A telephone number, and how far it may be trusted."""

    number: str
    status: HotlineStatus


def number_to_call(hotline: Hotline | None) -> str:
    """Return a number that may be shown: this one where it was checked, else 1823."""
    return hotline.number if hotline and hotline.status in CHECKED else GENERAL_HOTLINE


@dataclass(frozen=True)
class Theme:
    """A shelf of the menu."""

    id: str
    name: Words


@dataclass(frozen=True)
class Department:
    """Who offers services, and where it stands on the web.

    A discreet one's very name says too much on a lock screen: somebody is ill, or in trouble.
    """

    id: str
    name: Words
    site: str
    hotline: Hotline | None
    is_discreet: bool


@dataclass(frozen=True)
class Service:
    """One entry of the menu; `also` is what else people call it, and only search reads that."""

    id: str
    name: Words
    also: tuple[str, ...]
    department_id: str
    theme_id: str
    kind: ServiceKind
    level: Level
    regions: tuple[Region, ...]
    url: str | None
    hotline: Hotline | None
    pays_by_fps: bool
    has_open_data: bool
    open_data_url: str | None


@dataclass(frozen=True)
class Wanted:
    """What of the menu is wanted; None means any."""

    theme: str | None = None
    department: str | None = None
    kind: str | None = None
    level: str | None = None
    region: str | None = None

    def matches(self, service: Service) -> bool:
        """Say whether a service is among what is wanted."""
        return (
            self.theme in (None, service.theme_id)
            and self.department in (None, service.department_id)
            and self.kind in (None, service.kind)
            and self.level in (None, service.level)
            and (self.region is None or self.region in service.regions)
        )


@dataclass(frozen=True)
class Catalogue:
    """The whole menu, in the order of its files."""

    version: str
    themes: tuple[Theme, ...]
    departments: tuple[Department, ...]
    services: tuple[Service, ...]

    @cached_property
    def service_by_id(self) -> dict[str, Service]:
        return {service.id: service for service in self.services}

    @cached_property
    def department_by_id(self) -> dict[str, Department]:
        return {department.id: department for department in self.departments}

    @cached_property
    def theme_by_id(self) -> dict[str, Theme]:
        return {theme.id: theme for theme in self.themes}

    def get_service(self, service_id: str) -> Service:
        """Return the service with this id, or raise ServiceNotFound."""
        service = self.service_by_id.get(service_id)
        if service is None:
            raise ServiceNotFound
        return service

    @cached_property
    def services_by_id(self) -> tuple[Service, ...]:
        return tuple(sorted(self.services, key=lambda service: service.id))

    def list_services(self, wanted: Wanted, after_id: str, limit: int) -> Sequence[Service]:
        """Return the wanted services after `after_id`, by id, `limit` at most.

        A theme or department that the menu does not have is refused rather than answered with
        nothing: ThemeNotKnown, DepartmentNotKnown.
        """
        if wanted.theme is not None and wanted.theme not in self.theme_by_id:
            raise ThemeNotKnown(theme=wanted.theme)
        if wanted.department is not None and wanted.department not in self.department_by_id:
            raise DepartmentNotKnown(department=wanted.department)
        later = (
            service
            for service in self.services_by_id
            if service.id > after_id and wanted.matches(service)
        )
        return list(islice(later, limit))

    def hotline_of(self, service: Service) -> str:
        """Return the number to call about a service: its own before its department's."""
        own = service.hotline or self.department_by_id[service.department_id].hotline
        return number_to_call(own)

    def is_discreet(self, department_id: str) -> bool:
        """Say whether a department must not be named on a lock screen; so if it is not known."""
        department = self.department_by_id.get(department_id)
        return department is None or department.is_discreet

    def department_name(self, department_id: str, language: Language) -> str:
        """Return a department's name; its id where the catalogue no longer has it."""
        department = self.department_by_id.get(department_id)
        return department.name.into(language) if department else department_id
