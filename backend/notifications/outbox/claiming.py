"""Claiming a batch: what goes, and what is not to go after all, asked in the last moment."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from backend.core.clock import hong_kong_date
from backend.core.database import Database
from backend.core.languages import Language, negotiate
from backend.gateways.push_message import Push
from backend.notifications.lasting import worth_until
from backend.notifications.models import count_for, pushed_on_day
from backend.notifications.outbox import rules
from backend.notifications.outbox.models import claim_until, claimed_facts
from backend.notifications.outbox.pace import take_turn, wait_for_tokens
from backend.notifications.outbox.rules import URGENT, DeliveryState, Settlement, queue_named
from backend.notifications.outbox.sharing import pick
from backend.notifications.preferences.hours import quiet_end, resume_at
from backend.notifications.preferences.rules import Preferences
from backend.notifications.rules import (
    CONDITIONS,
    MOST_PUSHES_A_DAY,
    WORTH_PUSHING_FOR,
    Condition,
    MessageKind,
)
from backend.notifications.wording import Told, push_text

MOST_PER_BATCH = 1000
LONGEST_SENDING = timedelta(seconds=8)  # of a batch; so a run that is stopped is silent in ten
FROM_THE_START = Preferences()

log = structlog.get_logger(__name__)
Holds = Callable[[Session, Collection[str]], Collection[str]]
DepartmentName = Callable[[str, Language], str]


def no_name(department_id: str, _language: Language) -> str:
    """Name a department by its id, where nobody knows better."""
    return department_id


@dataclass(frozen=True)
class House:
    """What the rest of Ferry tells the worker, and how fast it may go."""

    holds: Mapping[Condition, Holds] = field(default_factory=dict)
    name_of: DepartmentName = no_name
    is_discreet: Callable[[str], bool] = lambda _department_id: False
    per_second: float = 6000.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claimed push with all that decides over it, in the order of `claimed_facts`."""

    delivery_id: str
    attempt: int
    faults: int
    queue: str
    message_id: str
    resident_id: str
    department_id: str
    kind: str
    about_id: str
    facts: Mapping[str, Any]
    created_at: datetime
    check_code: str | None
    replaced_by: str | None
    pushed_on: Any
    language: str
    device_id: str | None
    address_kind: str | None
    address: str | None
    registered_at: datetime | None
    quiet_from: str | None
    quiet_until: str | None
    shows_details: bool | None
    muted_at: datetime | None

    @property
    def is_urgent(self) -> bool:
        return queue_named(self.queue).lane == URGENT


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed push, ready to go, or with the word that it does not."""

    claimed: Claimed
    push: Push | None = None
    verdict: Settlement | None = None


@dataclass(frozen=True)
class Batch:
    """What one claim brought, or when to come again where it brought nothing."""

    parcels: Sequence[Parcel] = ()
    come_again: datetime | None = None


def claim(rows: Database, now: datetime, lease: timedelta, house: House, pace: float) -> Batch:
    """Take the next batch for this worker until `now + lease`; nobody else gets it before.

    `pace` is the share of the full pace, 0 to 1, that the API has room for.
    """
    per_second = max(house.per_second * pace, 1.0)
    with rows.transaction() as db:
        purse = take_turn(db, now, per_second)
        wait = wait_for_tokens(purse, now, per_second)
        if wait is not None:
            return Batch(come_again=wait)
        ids = pick(db, now, min(MOST_PER_BATCH, int(purse.tokens)))
        if not ids:
            return Batch()
        db.execute(claim_until(ids, now + lease))
        claimed = [Claimed(*row) for row in db.execute(claimed_facts(ids))]
        verdicts = _verdicts(db, claimed, now, house)
        parcels = [_parcel(each, verdicts.get(each.delivery_id), now, house) for each in claimed]
        purse.tokens -= sum(1 for parcel in parcels if parcel.push)
    return Batch(parcels)


def _verdicts(
    db: Session, claimed: Sequence[Claimed], now: datetime, house: House
) -> dict[str, Settlement]:
    """Say of each push that is not to go now what becomes of it."""
    holds = _what_holds(db, claimed, house)
    verdicts = {}
    for each in claimed:
        verdict = _verdict(each, now, holds)
        if verdict:
            verdicts[each.delivery_id] = verdict
    going = [each for each in claimed if each.delivery_id not in verdicts and not each.is_urgent]
    return verdicts | _too_many(db, going, now)


def _what_holds(
    db: Session, claimed: Sequence[Claimed], house: House
) -> Mapping[Condition, Collection[str]]:
    """Ask whoever knows of which things a condition holds; where nobody is there to ask, of all."""
    asked: dict[Condition, set[str]] = defaultdict(set)
    for each in claimed:
        condition = CONDITIONS.get(each.kind)  # type: ignore[call-overload]
        if condition in house.holds:
            asked[condition].add(each.about_id)
    return {condition: house.holds[condition](db, about) for condition, about in asked.items()}


def _verdict(
    each: Claimed, now: datetime, holds: Mapping[Condition, Collection[str]]
) -> Settlement | None:
    if each.device_id is None:
        return rules.settled(DeliveryState.DROPPED, "device forgotten or of another resident", now)
    if each.faults >= rules.MOST_FAULTS:
        return rules.settled(DeliveryState.FAILED, "every worker that took it died", now)
    if each.kind not in set(MessageKind):
        # A newer version wrote it, in the middle of a roll-out: its worker will know.
        pause = rules.pause_before(each.attempt, None, 0.0)
        return Settlement(DeliveryState.WAITING, "kind of message not known", now + pause)
    kind = MessageKind(each.kind)
    if now > worth_until(kind, each.created_at):
        return rules.settled(DeliveryState.DROPPED, "too old", now)
    condition = CONDITIONS.get(kind)
    is_so = condition is None or each.about_id in holds.get(condition, (each.about_id,))
    if each.replaced_by or not is_so:
        return rules.settled(DeliveryState.DROPPED, "no longer so", now)
    return None if each.is_urgent else _wish(each, now)


def _wish(each: Claimed, now: datetime) -> Settlement | None:
    """Say what the resident's own choice makes of an ordinary push."""
    if each.muted_at is not None:
        return rules.settled(DeliveryState.DROPPED, "department muted", now)
    quiet_from = each.quiet_from or FROM_THE_START.quiet_from
    quiet_until = each.quiet_until or FROM_THE_START.quiet_until
    # The batch takes its time, and may not reach into the quiet hours either.
    for moment in (now, now + LONGEST_SENDING):
        end = quiet_end(moment, quiet_from, quiet_until)
        if end:
            return rules.put_off(resume_at(end, each.resident_id), "quiet hours")
    return None


def _too_many(db: Session, going: Sequence[Claimed], now: datetime) -> dict[str, Settlement]:
    """Count each message for its resident's day; drop the pushes of those that are too many.

    A message to two phones is one, and one that was counted today already may go again.
    """
    today = hong_kong_date(now)
    fresh = {each.message_id: each for each in going if each.pushed_on != today}
    had = Counter(dict(_counts(db, {each.resident_id for each in fresh.values()}, now)))
    counted, too_many = [], set()
    for message_id, each in sorted(fresh.items()):
        had[each.resident_id] += 1
        if had[each.resident_id] > MOST_PUSHES_A_DAY:
            too_many.add(message_id)
        else:
            counted.append(message_id)
    if counted:
        db.execute(count_for(counted, today))
    verdict = rules.settled(DeliveryState.DROPPED, "enough for today", now)
    return {each.delivery_id: verdict for each in going if each.message_id in too_many}


def _counts(db: Session, residents: Collection[str], now: datetime) -> Sequence[tuple[str, int]]:
    if not residents:
        return ()
    oldest = now - max(WORTH_PUSHING_FOR.values())
    counts = db.execute(pushed_on_day(residents, hong_kong_date(now), oldest))
    return [(resident_id, count) for resident_id, count in counts]


def _parcel(each: Claimed, verdict: Settlement | None, now: datetime, house: House) -> Parcel:
    if verdict:
        return Parcel(each, verdict=verdict)
    try:
        return Parcel(each, _push(each, now, house))
    except Exception as error:
        # One message that cannot be put into words takes no other with it.
        log.exception("a push cannot be put into words", delivery_id=each.delivery_id)
        reason = f"cannot be put into words: {type(error).__name__}"
        return Parcel(each, verdict=rules.settled(DeliveryState.FAILED, reason, now))


def _push(each: Claimed, now: datetime, house: House) -> Push:
    kind, language = MessageKind(each.kind), negotiate([each.language])
    details = None
    if each.shows_details and not house.is_discreet(each.department_id):
        details = Told(kind, each.facts, house.name_of(each.department_id, language))
    title, body = push_text(kind, language, each.check_code, details)
    until = worth_until(kind, each.created_at)
    return Push(
        address_kind=each.address_kind or "",
        address=each.address or "",
        collapse_key=each.about_id,
        title=title,
        body=body,
        expires_at=until,
        ttl_seconds=int((until - now).total_seconds()),
        is_urgent=each.is_urgent,
        data={"kind": kind, "message_id": each.message_id, "about_id": each.about_id},
    )
