"""How what went wrong is answered: refusals by name, a busy database as such, a crash in silence."""

import logging

from flask import Flask, Response
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import InternalServerError

from backend.core.database import is_busy
from backend.core.errors import Conflict, Refusal, Unavailable
from backend.core.http.problems import problem_of_refusal, problem_of_status
from backend.core.http.replies import language_of_request
from backend.core.languages import Words

log = logging.getLogger(__name__)


class DatabaseBusy(Unavailable):
    code = "database_busy"
    says = Words(
        "The database is busy. Nothing was changed; please try again.",
        "資料庫繁忙，未有任何改動，請再試。",
        "数据库繁忙，未有任何改动，请再试。",
    )


class ChangedMeanwhile(Conflict):
    code = "changed_meanwhile"
    says = Words(
        "Somebody changed this at the same moment. Please try again.",
        "資料剛被另一項要求更改，請再試。",
        "资料刚被另一项请求更改，请再试。",
    )


def bind(app: Flask) -> None:
    """Answer every failure of `app` with a problem document that tells nothing of the inside."""
    app.register_error_handler(Refusal, _answer_refusal)
    for kind in (DBAPIError, PoolExhausted, StaleDataError):
        app.register_error_handler(kind, _answer_database)
    app.register_error_handler(InternalServerError, _answer_crash)


def _answer_refusal(refusal: Refusal) -> Response:
    return problem_of_refusal(refusal, language_of_request())


def _answer_database(error: Exception) -> Response:
    refusal = refusal_of(error)
    if refusal is None:
        log.error("the database refused a statement", exc_info=error)
        return problem_of_status(500, language_of_request(), {})
    log.warning("the database would not: %s", type(error).__name__)
    return _answer_refusal(refusal)


def refusal_of(error: Exception) -> Refusal | None:
    """Name what a failure of the database means to the caller; None where it is our own mistake."""
    if isinstance(error, (IntegrityError, StaleDataError)):
        return ChangedMeanwhile()
    if isinstance(error, PoolExhausted) or (isinstance(error, DBAPIError) and is_busy(error)):
        return DatabaseBusy()
    return None


def _answer_crash(error: InternalServerError) -> Response:
    # What fails on the way back, such as the commit, comes here whatever its kind.
    original = error.original_exception
    if isinstance(original, (DBAPIError, PoolExhausted, StaleDataError)):
        return _answer_database(original)
    log.error("a request failed", exc_info=original or error)
    return problem_of_status(500, language_of_request(), {})
