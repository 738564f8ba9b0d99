"""The query string is read as strictly as a body: no name twice, nothing that cannot be stored."""

from flask import Request

from backend.core.http.bodies import NAME_TWICE, NOT_STORABLE, is_storable
from backend.core.http.problems import HttpRefusal
from backend.core.languages import Words


class QueryNotReadable(HttpRefusal):
    status = 400
    code = "query_not_readable"
    says = Words(
        "The address cannot be read: {why}.", "未能讀取網址：{why}。", "未能读取网址：{why}。"
    )


def ensure_readable(request: Request) -> None:
    """Refuse a query that names something twice, or holds what no database takes."""
    for name, values in request.args.lists():
        if len(values) > 1:
            raise QueryNotReadable(why=NAME_TWICE)
        if not (is_storable(name) and is_storable(values[0])):
            raise QueryNotReadable(why=NOT_STORABLE)
