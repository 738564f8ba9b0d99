"""A worker's notebook: what FCM has taken and no row says yet, so that a kill repeats little.

An answer of FCM is noted the moment that it comes, by one write to a file of this worker. Once the
rows say so the file is emptied. Of a worker that dies the lock on its file is gone; whichever worker
of the same data folder sees that writes its notes into the rows, before the lease runs out. Notes are
fenced as any word about a claim is: one that comes too late changes nothing.
"""

import fcntl
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import structlog

from backend.core.clock import ID_PATTERN, new_id
from backend.core.database import Database
from backend.notifications.outbox.counting import count_for_runs
from backend.notifications.outbox.models import Delivery, still_claimed
from backend.notifications.outbox.rules import DeliveryState

NOTE = re.compile(rf"({ID_PATTERN}) (\d+)", re.ASCII)
Notes = dict[int, list[str]]  # the ids of deliveries by the number of the attempt

log = structlog.get_logger(__name__)


class Notebook:
    """The file of one worker; without a folder nothing is noted."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.file: int | None = None
        self.has_notes = False

    def note(self, delivery_id: str, attempt: int) -> None:
        """Note that FCM took a push. Where the disk is full it is not noted, and goes on."""
        self.has_notes = True
        try:
            if self.file is None:
                self.file = self._open()
            if self.file is not None:
                os.write(self.file, f"{delivery_id} {attempt}\n".encode())
        except OSError as error:
            log.warning("a push could not be noted", error=type(error).__name__)

    def settle(self, rows: Database, now: datetime) -> None:
        """Write into the rows what the dead have noted, and what we could not write before."""
        if self.folder is None:
            return
        if self.has_notes and self.file is not None:
            _write_down(rows, _read(self.file), now)
            self.clear()
        for path, file in self._of_the_dead():
            _write_down(rows, _read(file), now)
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget the notes, as the rows have them now."""
        self.has_notes = False
        if self.file is not None:
            os.ftruncate(self.file, 0)

    def _open(self) -> int | None:
        if self.folder is None:
            return None
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{new_id('note')}.txt"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def _of_the_dead(self) -> Iterator[tuple[Path, int]]:
        """Give the notebooks that nobody holds, each locked for as long as it is looked at."""
        assert self.folder is not None
        for path in self.folder.glob("note_*.txt"):
            with suppress(FileNotFoundError):
                file = os.open(path, os.O_RDWR)
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield path, file
                except BlockingIOError:
                    continue
                finally:
                    os.close(file)


def _read(file: int) -> Notes:
    """Read notes; a line that was cut off is none."""
    notes: Notes = defaultdict(list)
    text = os.pread(file, os.fstat(file).st_size, 0).decode("ascii", "replace")
    for line in text.splitlines():
        found = NOTE.fullmatch(line)
        if found:
            notes[int(found[2])].append(found[1])
    return notes


def _write_down(rows: Database, notes: Notes, now: datetime) -> None:
    if not notes:
        return
    sent = {"state": DeliveryState.SENT, "reason": None, "due_at": now, "settled_at": now}
    with rows.transaction() as db:
        queues: list[str] = []
        for attempt, ids in notes.items():
            settled = still_claimed(ids, attempt).values(sent).returning(Delivery.queue)
            queues += db.scalars(settled)
        count_for_runs(db, queues, "sent")
    log.info("settled by a notebook", noted=sum(map(len, notes.values())), settled=len(queues))
