"""Tables of what was missed and of how helpful answers were, and the selects that read them."""

from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base

# In the key of a vote, what stands for "no service was shown".
NO_SERVICE = ""


class MissedQuestion(Base):
    """A masked question that was not understood, or whose answer did not help.

    Personal all the same: no mask knows every way in which people tell who they are.
    """

    __tablename__ = "missed_questions"

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("miss"), info=IMPERSONAL
    )
    fingerprint: Mapped[str] = mapped_column(unique=True, info=PERSONAL)
    text: Mapped[str] = mapped_column(info=PERSONAL)
    language: Mapped[str] = mapped_column(info=IMPERSONAL)
    reason: Mapped[str] = mapped_column(info=IMPERSONAL)
    service: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    release: Mapped[str] = mapped_column(info=IMPERSONAL)
    count: Mapped[int] = mapped_column(info=IMPERSONAL)
    first_on: Mapped[date] = mapped_column(index=True, info=IMPERSONAL)
    last_on: Mapped[date] = mapped_column(info=IMPERSONAL)


class AnswerVotes(Base):
    """How often the answer that named a service helped, and did not, in one release."""

    __tablename__ = "answer_votes"

    release: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    service: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    helpful: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    unhelpful: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)


def first_missed_on(day: date) -> Select[int]:
    """How many questions were missed for the first time on `day`."""
    return select(func.count()).where(MissedQuestion.first_on == day)


def missed_before(day: date, limit: int) -> Select[str]:
    """Ids of a few questions that were first missed before `day`."""
    return (
        select(MissedQuestion.id)
        .where(MissedQuestion.first_on < day)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def missed_since(day: date, reason: str | None) -> Select[MissedQuestion]:
    """What was missed on `day` or later, for one reason or any, the most frequent first."""
    questions = select(MissedQuestion).where(MissedQuestion.last_on >= day)
    if reason is not None:
        questions = questions.where(MissedQuestion.reason == reason)
    return questions.order_by(
        MissedQuestion.language, MissedQuestion.count.desc(), MissedQuestion.text
    )
