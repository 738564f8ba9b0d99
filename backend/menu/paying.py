"""Which service of the menu takes payment of which kind of bill."""

from backend.menu.catalogue import Catalogue, Service, ServiceKind

# What the service that takes a kind of bill calls it in English, in its name or its other names.
PAID_AS = {
    "water": "water bill",
    "rates": "rates",
    "government_rent": "government rent",
    "tax": "tax bill",
    "fixed_penalty": "fixed penalty",
    "housing_rent": "housing rent",
    "hospital": "hospital bill",
    "postal": "post bill",
    "general": "demand note",
}


def paying_service(catalogue: Catalogue, department_id: str, kind: str) -> Service | None:
    """Return the service at which a department takes payment of this kind of bill, or None.

    A department may take payments for other things too, so one that only belongs to it will not do.
    """
    takes = (service for service in catalogue.services if _takes(service, department_id, kind))
    return next(takes, None)


def _takes(service: Service, department_id: str, kind: str) -> bool:
    if service.department_id != department_id or service.kind is not ServiceKind.PAY:
        return False
    names = (service.name.en, *service.also)
    return kind in PAID_AS and any(PAID_AS[kind] in name.lower() for name in names)
