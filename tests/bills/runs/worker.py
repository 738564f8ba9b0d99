"""A worker as a process of its own: it goes through bill runs until nothing is left, or it is killed."""

import sys
from datetime import datetime, timedelta

from backend import app  # noqa: F401  # every table is known
from backend.bills.runs.working import work_on_runs
from backend.core import clock
from backend.core.database import Database


def main(url: str, ahead_seconds: str) -> None:
    """Work on `url`, by a clock that is ahead, so that leases of the dead have run out."""
    rows, ahead = Database(url), timedelta(seconds=int(ahead_seconds))

    def now() -> datetime:
        return clock.now() + ahead

    sys.stderr.write("at work\n")
    sys.stderr.flush()
    while (due_at := work_on_runs(rows, now, lambda: None, lambda _db, _bill: False)) is not None:
        if due_at > now() + timedelta(seconds=5):
            return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
