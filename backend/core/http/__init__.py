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
from backend.core.http.values import Day, Moment, WholeNumber, at_most

__all__ = [
    "Blueprint",
    "Day",
    "HttpRefusal",
    "Moment",
    "NamedShape",
    "PageQuery",
    "Query",
    "Shape",
    "WholeNumber",
    "at_most",
    "language_of_request",
    "make_api",
    "page_of",
    "problem",
]
