"""How Ferry speaks HTTP: shapes in and out, problem documents, languages, caches, headers."""

from backend.core.http.api import (
    Blueprint,
    NamedShape,
    PageQuery,
    Query,
    Shape,
    make_api,
    page_of,
)
from backend.core.http.problems import HttpRefusal, problem
from backend.core.http.replies import language_of_request

__all__ = [
    "Blueprint",
    "HttpRefusal",
    "NamedShape",
    "PageQuery",
    "Query",
    "Shape",
    "language_of_request",
    "make_api",
    "page_of",
    "problem",
]
