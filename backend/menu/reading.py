"""The menu in the reader's language."""

from dataclasses import dataclass

from backend.core.languages import Language
from backend.menu.catalogue import (
    NOTICE,
    Catalogue,
    Department,
    Service,
    Theme,
    number_to_call,
)


@dataclass(frozen=True)
class Reader:
    """Reads one catalogue aloud in one language."""

    catalogue: Catalogue
    language: Language

    @property
    def notice(self) -> str:
        return NOTICE.into(self.language)

    def service(self, service: Service) -> dict[str, object]:
        """Return the members of a menu entry."""
        department = self.catalogue.department_by_id[service.department_id]
        theme = self.catalogue.theme_by_id[service.theme_id]
        return {
            "id": service.id,
            "name": service.name.into(self.language),
            "department": {"id": department.id, "name": department.name.into(self.language)},
            "theme": {"id": theme.id, "name": theme.name.into(self.language)},
            "kind": service.kind,
            "level": service.level,
            "regions": service.regions,
            "url": service.url or department.site,
            "hotline": self.catalogue.hotline_of(service),
            "pays_by_fps": service.pays_by_fps,
            "has_open_data": service.has_open_data,
            "open_data_url": service.open_data_url,
        }

    def theme(self, theme: Theme) -> dict[str, object]:
        """Return the members of a theme."""
        held = sum(service.theme_id == theme.id for service in self.catalogue.services)
        return {"id": theme.id, "name": theme.name.into(self.language), "services": held}

    def department(self, department: Department) -> dict[str, object]:
        """Return the members of a department."""
        held = sum(each.department_id == department.id for each in self.catalogue.services)
        return {
            "id": department.id,
            "name": department.name.into(self.language),
            "site": department.site,
            "hotline": number_to_call(department.hotline),
            "services": held,
        }
