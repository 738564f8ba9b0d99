"""A bill run as its department reads it."""

from typing import Any

from backend.bills.runs import problems
from backend.bills.runs.models import BillRun
from backend.bills.runs.schemas import BillRunShape
from backend.core.languages import Language

MEMBERS = tuple(name for name in BillRunShape().fields if name != "problems")


def read_run(run: BillRun, language: Language) -> dict[str, Any]:
    """Return the members of `BillRunShape`, its problems in words of `language`."""
    told = {name: getattr(run, name) for name in MEMBERS}
    return {**told, "problems": [problems.read(each, language) for each in run.problems]}
