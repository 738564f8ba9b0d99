"""Shapes of the menu."""

from marshmallow import fields, validate

from backend.core.http import NamedShape, PageQuery, Query, Shape, WholeNumber
from backend.core.paging import MOST
from backend.menu.catalogue import Level, Region, ServiceKind
from backend.menu.search import LONGEST_QUERY

SLUG = validate.Regexp(r"^[a-z0-9-]{1,60}\Z")


class ServicesQuery(PageQuery):
    """Which services are wanted."""

    theme = fields.String(load_default=None, validate=SLUG)
    department = fields.String(load_default=None, validate=validate.Regexp(r"^[A-Z0-9]{2,10}\Z"))
    kind = fields.String(load_default=None, validate=validate.OneOf(list(ServiceKind)))
    level = fields.String(load_default=None, validate=validate.OneOf(list(Level)))
    region = fields.String(load_default=None, validate=validate.OneOf(list(Region)))


class SearchQuery(Query):
    """What is looked for."""

    q = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_QUERY))
    limit = WholeNumber(load_default=10, validate=validate.Range(min=1, max=MOST))


class ServiceShape(Shape):
    """One entry of the menu."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    department = fields.Nested(NamedShape, required=True)
    theme = fields.Nested(NamedShape, required=True)
    kind = fields.String(required=True)
    level = fields.String(required=True)
    regions = fields.List(fields.String(), required=True)
    url = fields.String(required=True, metadata={"description": "Its page, or its department's."})
    hotline = fields.String(required=True, metadata={"description": "A checked number, else 1823."})
    pays_by_fps = fields.Boolean(required=True)
    has_open_data = fields.Boolean(required=True)
    open_data_url = fields.String(
        required=True, allow_none=True, metadata={"description": "For programs, where it is known."}
    )


class OneServiceShape(ServiceShape):
    """One entry of the menu, by itself."""

    notice = fields.String(required=True)


class ServicePageShape(Shape):
    """A page of the menu."""

    notice = fields.String(required=True, metadata={"description": "That this is not official."})
    items = fields.List(fields.Nested(ServiceShape), required=True)
    next = fields.String(required=True, allow_none=True)


class HitShape(ServiceShape):
    """A service found, with how well it fits."""

    score = fields.Float(required=True, metadata={"description": "0 to 1."})


class HitsShape(Shape):
    """What a search found, best first."""

    notice = fields.String(required=True)
    items = fields.List(fields.Nested(HitShape), required=True)


class ThemeShape(NamedShape):
    """A theme and how many services it holds."""

    services = fields.Integer(required=True)


class ThemesShape(Shape):
    """All themes, in the order of the menu."""

    notice = fields.String(required=True)
    items = fields.List(fields.Nested(ThemeShape), required=True)


class DepartmentShape(NamedShape):
    """A department and how to reach it."""

    site = fields.String(required=True)
    hotline = fields.String(required=True)
    services = fields.Integer(required=True)


class DepartmentsShape(Shape):
    """All departments, by id."""

    notice = fields.String(required=True)
    items = fields.List(fields.Nested(DepartmentShape), required=True)
