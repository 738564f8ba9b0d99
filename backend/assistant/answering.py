"""The desk of a request: who asks, in which language, and who is told how the question went."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from flask import Response, after_this_request, current_app
from sqlalchemy.orm import Session

from backend.assistant.desk import Desk, Reply
from backend.assistant.own.books import Books
from backend.assistant.policy import Outcome
from backend.assistant.releases.shelf import Shelf
from backend.core import clock
from backend.core.access import guest
from backend.core.http import language_of_request
from backend.core.languages import Language
from backend.menu import Catalogue

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answered:
    """How a question went. `text` is what the resident typed, unmasked: never keep it as it is.

    `is_talk` if no service was asked for: “the second one”, where nothing was offered.
    """

    text: str
    language: Language
    outcome: Outcome
    service: str | None  # the one shown first
    release: str
    is_talk: bool = False


Listener = Callable[[Answered], None]


def desk_of_request(
    named_language: str | None, open_rows: Callable[[], AbstractContextManager[Session]]
) -> Desk:
    """Return the desk that answers this caller; NoRelease.

    `open_rows` gives a session that reads; it is called only where a resident's own is asked for.
    """
    shelf: Shelf = current_app.extensions["shelf"]
    catalogue: Catalogue = current_app.extensions["catalogue"]
    language = Language(named_language) if named_language else language_of_request()
    caller, today = guest(), clock.hong_kong_date(clock.now())
    books = Books(caller.resident_id, open_rows, catalogue, language, today) if caller else None
    return Desk(shelf.release(), catalogue, language, books)


def answered(text: str, desk: Desk, reply: Reply) -> None:
    """Tell the listener of this app how a question went, once the reply has gone out.

    By then the request's rows are committed and the resident has the answer, so that a listener
    can neither hold it up nor spoil it. Of somebody in danger nothing is told at all.
    """
    listener: Listener | None = current_app.extensions.get("answered")
    if listener is None or reply.outcome is Outcome.CRISIS:
        return
    release = desk.release.version
    settled = Answered(
        text, desk.language, reply.outcome, reply.service, release, is_talk=reply.is_talk
    )

    @after_this_request
    def wait(response: Response) -> Response:
        response.call_on_close(partial(_tell, listener, settled))
        return response


def _tell(listener: Listener, settled: Answered) -> None:
    try:
        listener(settled)
    except Exception as error:
        log.warning("how a question went was not noted: %s", type(error).__name__)
