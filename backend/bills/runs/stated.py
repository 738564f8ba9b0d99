"""A line of a file becomes the facts of a bill, or problems; then they are held against the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from marshmallow import ValidationError
from sqlalchemy import Select
from sqlalchemy.orm import Session

from backend.accounts import residents_among
from backend.bills import rules
from backend.bills.models import Bill, bills_posted_by
from backend.bills.rules import BillFacts
from backend.bills.runs.columns import COLUMNS_OF_POINTERS
from backend.bills.runs.problems import BY_SHAPE, Problem, because
from backend.bills.runs.quick import NotPlain, plain_members
from backend.bills.runs.reading import Batch
from backend.bills.runs.sheets import Sheet
from backend.bills.schemas import BillPostShape
from backend.bills.stating import facts_from
from backend.core.bulk import is_among
from backend.core.errors import Refusal
from backend.core.http.wording import field_errors
from backend.core.languages import Language

SHAPE = BillPostShape()
MOST_PER_LINE = 3


class Stated(NamedTuple):
    """A bill of a file, and the line in which it stands."""

    line: int
    facts: BillFacts


@dataclass
class Sorted:
    """Bills of a file beside those that stand: the new ones, how many were there, what is wrong."""

    new: list[Stated] = field(default_factory=list)
    already_there: int = 0
    problems: list[Problem] = field(default_factory=list)


def state(batch: Batch, today: date) -> tuple[list[Stated], list[Problem]]:
    """Return the bills of a batch, and what is wrong with its other lines, as the API would say.

    `today`, in Hong Kong, is the date of issue of a bill that states none.
    """
    stated, problems = [], list(batch.problems)
    for line, body in batch.bodies():
        try:
            members = plain_members(body)
        except NotPlain:
            try:
                members = SHAPE.load(body)
            except ValidationError as error:
                is_csv = batch.columns is not None
                problems += _by_shape(line, error.messages, is_csv=is_csv)
                continue
        stated.append(Stated(line, facts_from(members, today)))
    return stated, problems


def sheet_of(batch: Batch, today: date) -> Sheet | None:
    """Return a batch column by column, where it is plainly sound."""
    if batch.columns is None or batch.problems or not batch.rows:
        return None
    try:
        return Sheet(batch.columns, [row.held for row in batch.rows], today)
    except NotPlain:
        return None


def are_known(db: Session, sheet: Sheet) -> bool:
    """Say whether every resident of a sheet is one."""
    named = set(filter(None, sheet.resident_ids))
    return not named or len(db.scalars(residents_among(named)).all()) == len(named)


def are_new(db: Session, department_id: str, sheet: Sheet) -> bool:
    """Say whether no number of a sheet stands."""
    return not db.scalars(_numbered(department_id, sheet.bill_numbers).limit(1)).first()


def sort_out(db: Session, department_id: str, stated: Sequence[Stated]) -> Sorted:
    """Hold bills against the rows, as a single post does: residents, numbers that stand, rules."""
    found = Sorted()
    named = {facts.resident_id for _, facts in stated if facts.resident_id}
    known = frozenset(db.scalars(residents_among(named))) if named else frozenset()
    standing = _standing(db, department_id, [facts.bill_number for _, facts in stated])
    for each in stated:
        facts = each.facts
        if facts.resident_id and facts.resident_id not in known:
            found.problems.append(Problem(each.line, rules.ResidentNotKnown.code, "resident_id"))
            continue
        bill = standing.get(facts.bill_number)
        try:
            rules.ensure_for_somebody(facts)
            if bill is None:
                rules.ensure_sound(facts)
                found.new.append(each)
            else:
                rules.ensure_same(facts, bill.facts)
                _ensure_stands(bill)
                found.already_there += 1
        except Refusal as refusal:
            found.problems.append(because(each.line, refusal))
    return found


def _ensure_stands(bill: Bill) -> None:
    """Refuse a line whose bill was taken back: to pass over it would seem to have posted it."""
    if bill.state == rules.BillState.WITHDRAWN:
        raise rules.BillWithdrawn


def _standing(db: Session, department_id: str, numbers: list[str]) -> Mapping[str, Bill]:
    return {bill.bill_number: bill for bill in db.scalars(_numbered(department_id, numbers))}


def _numbered(department_id: str, numbers: Sequence[str | None]) -> Select[Bill]:
    return bills_posted_by(department_id).where(is_among(Bill.bill_number, numbers))


def _by_shape(line: int, messages: Any, *, is_csv: bool) -> list[Problem]:
    """Keep what the shape says, in all three languages."""
    said = [field_errors({"json": messages}, language)[:MOST_PER_LINE] for language in Language]
    problems = []
    for each in zip(*said, strict=True):
        pointer = each[0]["pointer"].removeprefix("#").removeprefix("/")
        column = COLUMNS_OF_POINTERS.get(pointer, pointer) if is_csv else pointer
        values = {
            str(language): one["detail"] for language, one in zip(Language, each, strict=True)
        }
        problems.append(Problem(line, BY_SHAPE, column or None, values))
    return problems
