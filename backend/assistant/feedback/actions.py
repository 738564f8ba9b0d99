"""Keep what was missed, count what helped, forget what is old."""

import logging
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.assistant.answering import Answered
from backend.assistant.feedback.models import (
    NO_SERVICE,
    AnswerVotes,
    MissedQuestion,
    first_missed_on,
    missed_before,
)
from backend.assistant.feedback.rules import (
    MOST_NEW_A_DAY,
    Missed,
    Reason,
    forgotten_before,
    missed,
)
from backend.assistant.policy import Outcome
from backend.assistant.releases.release import Release
from backend.assistant.talk.listening import listen
from backend.core import clock
from backend.core.clock import new_id
from backend.core.database import Database, insert_unless_there
from backend.core.languages import Language

SWEPT_PER_WRITE = 10
# The reply is out, but its process is not free for the next one before this is done.
BUSY_TIMEOUT_SECONDS = 0.2
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Word:
    """What a resident says of an answer; `text` is the question as typed."""

    text: str
    language: Language
    service: str | None
    helpful: bool


def note_unanswered(database: Database, settled: Answered) -> None:
    """Keep the question of `settled` where no service fitted; called once its reply is out.

    What asked for no service, such as “none of these”, was understood and is passed over. A
    database that is busy, full or away is said to the log, and the question is forgotten.
    """
    if settled.outcome is not Outcome.NONE or settled.is_talk:
        return
    found = missed(settled.text, settled.language, Reason.NONE, None, settled.release)
    if found is None:
        return
    try:
        with database.transaction(busy_timeout_seconds=BUSY_TIMEOUT_SECONDS) as db:
            keep_missed(db, found, clock.hong_kong_date(clock.now()))
    except SQLAlchemyError as error:
        log.warning("a missed question is forgotten: %s", type(error).__name__)


def may_be_kept(word: Word, release: Release) -> bool:
    """Say whether anything of `word` may be kept: of somebody in danger, not even a count."""
    return not listen(release, word.text).is_crisis


def take_word(db: Session, word: Word, release: str, now: datetime) -> None:
    """Count a word on an answer; the question of one that did not help counts as missed."""
    count_vote(db, release, word.service, helpful=word.helpful)
    if word.helpful:
        return
    found = missed(word.text, word.language, Reason.NOT_HELPFUL, word.service, release)
    if found is not None:
        keep_missed(db, found, clock.hong_kong_date(now))


def keep_missed(db: Session, found: Missed, today: date) -> bool:
    """Count a question that was missed before, or keep a new one; say whether it was done.

    Beyond `MOST_NEW_A_DAY` new ones are not kept. Old ones are forgotten on the way.
    """
    forget_old(db, today, SWEPT_PER_WRITE)
    if _count_again(db, found, today):
        return True
    if db.scalars(first_missed_on(today)).one() >= MOST_NEW_A_DAY:
        return False
    values = {
        "id": new_id("miss"),
        "fingerprint": found.fingerprint,
        "text": found.text,
        "language": found.language,
        "reason": found.reason,
        "service": found.service,
        "release": found.release,
        "count": 1,
        "first_on": today,
        "last_on": today,
    }
    return insert_unless_there(db, MissedQuestion, values) or _count_again(db, found, today)


def _count_again(db: Session, found: Missed, today: date) -> bool:
    changed = db.execute(
        update(MissedQuestion)
        .where(MissedQuestion.fingerprint == found.fingerprint)
        .values(
            count=MissedQuestion.count + 1,
            last_on=today,
            service=found.service,
            release=found.release,
        )
        .returning(MissedQuestion.id)
    )
    return changed.first() is not None


def count_vote(db: Session, release: str, service: str | None, *, helpful: bool) -> None:
    """Count one word on the answer that named `service`, or that named none."""
    key = {"release": release, "service": service or NO_SERVICE}
    insert_unless_there(db, AnswerVotes, {**key, "helpful": 0, "unhelpful": 0})
    column = AnswerVotes.helpful if helpful else AnswerVotes.unhelpful
    db.execute(
        update(AnswerVotes)
        .where(*(getattr(AnswerVotes, name) == value for name, value in key.items()))
        .values({column: column + 1})
    )


def forget_old(db: Session, today: date, most: int) -> int:
    """Forget `most` of the questions whose time is over; return how many were."""
    old = missed_before(forgotten_before(today), most)
    gone = db.execute(
        delete(MissedQuestion).where(MissedQuestion.id.in_(old)).returning(MissedQuestion.id)
    )
    return len(gone.all())
