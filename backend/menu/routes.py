"""The menu on the web: public, cacheable, in three languages."""

from typing import Any

from flask import current_app

from backend.core.http import Blueprint, language_of_request, page_of
from backend.core.paging import CursorNotKnown, Page, decode_cursor, encode_cursor
from backend.menu.catalogue import (
    Catalogue,
    DepartmentNotKnown,
    ServiceNotFound,
    ThemeNotKnown,
    Wanted,
)
from backend.menu.reading import Reader
from backend.menu.schemas import (
    DepartmentsShape,
    HitsShape,
    OneServiceShape,
    SearchQuery,
    ServicePageShape,
    ServicesQuery,
    ThemesShape,
)

blp = Blueprint("menu", __name__, url_prefix="/v1", description="The menu of services")


@blp.get("/services")
@blp.refuses(CursorNotKnown, ThemeNotKnown, DepartmentNotKnown)
@blp.arguments(ServicesQuery, location="query")
@blp.response(200, ServicePageShape)
@blp.doc(operationId="listServices")
def list_services(query: dict[str, Any]) -> dict[str, Any]:
    """List services, by theme, department, kind, level or region"""
    reader, limit = _reader(), query.pop("limit")
    cursor = query.pop("cursor")
    after_id = decode_cursor(cursor, 1)[0] if cursor else ""
    found = reader.catalogue.list_services(Wanted(**query), after_id, limit + 1)
    more = len(found) > limit
    page = Page(found[:limit], encode_cursor(found[limit - 1].id) if more else None)
    answer = page_of(page, "/v1/services", [*query.items(), ("limit", limit)])
    answer["items"] = [reader.service(service) for service in page.items]
    return {"notice": reader.notice, **answer}


@blp.get("/services/search")
@blp.arguments(SearchQuery, location="query")
@blp.response(200, HitsShape)
@blp.doc(operationId="searchServices")
def search_services(query: dict[str, Any]) -> dict[str, Any]:
    """Search the menu, slips of the finger forgiven"""
    reader = _reader()
    hits = current_app.extensions["search_index"].search(query["q"], query["limit"])
    items = [{**reader.service(hit.service), "score": round(hit.score, 3)} for hit in hits]
    return {"notice": reader.notice, "items": items}


@blp.get("/services/<slug:service_id>")
@blp.refuses(ServiceNotFound)
@blp.response(200, OneServiceShape)
@blp.doc(operationId="getService")
def get_service(service_id: str) -> dict[str, Any]:
    """See one service"""
    reader = _reader()
    service = reader.catalogue.get_service(service_id)
    return {"notice": reader.notice, **reader.service(service)}


@blp.get("/themes")
@blp.response(200, ThemesShape)
@blp.doc(operationId="listThemes")
def list_themes() -> dict[str, Any]:
    """List the themes of the menu"""
    reader = _reader()
    items = [reader.theme(theme) for theme in reader.catalogue.themes]
    return {"notice": reader.notice, "items": items}


@blp.get("/departments")
@blp.response(200, DepartmentsShape)
@blp.doc(operationId="listDepartments")
def list_departments() -> dict[str, Any]:
    """List the departments"""
    reader = _reader()
    items = [reader.department(department) for department in reader.catalogue.departments]
    return {"notice": reader.notice, "items": items}


def _reader() -> Reader:
    catalogue: Catalogue = current_app.extensions["catalogue"]
    return Reader(catalogue, language_of_request())
