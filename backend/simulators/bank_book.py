"""The simulated bank's file: JSON lines, only ever added to, on the disk before anything is answered."""

import json
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Book:
    """Lines of a file at `path`. Whatever dies, none that was acknowledged is lost or torn."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.written = self.synced = 0
        self.syncing = threading.Lock()
        self._drop_torn_end()

    def lines(self) -> Iterator[Line]:
        """Yield all lines, the oldest first."""
        with self.path.open("rb") as file:
            for line in file:
                yield json.loads(line)

    def write(self, lines: Iterable[Line]) -> None:
        """Add lines, all of them or none; they are the system's from now on, not yet the disk's.

        Only one thread may write at a time: the ledger's lock sees to that.
        """
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        os.write(self.file, text.encode())
        self.written += 1

    def ensure_on_disk(self) -> None:
        """Wait until all that was written is on the disk; one wait serves whoever waits with it."""
        wanted = self.written
        with self.syncing:
            if self.synced < wanted:
                reached = self.written
                os.fdatasync(self.file)
                self.synced = reached

    def empty(self) -> None:
        """Begin anew."""
        os.ftruncate(self.file, 0)

    def close(self) -> None:
        os.close(self.file)

    def _drop_torn_end(self) -> None:
        """Cut a last line that was never finished, as after a full disk."""
        whole = self.path.read_bytes()
        os.ftruncate(self.file, whole.rfind(b"\n") + 1)
