"""The release that this process answers from; a newly published one takes its place by itself."""

import logging
import threading
import time
from pathlib import Path

from backend.assistant.release import Release
from backend.assistant.store import ReleaseBroken, current_place, load
from backend.core.errors import Unavailable
from backend.core.languages import Words

GLANCE_SECONDS = 2.0
log = logging.getLogger(__name__)


class NoRelease(Unavailable):
    code = "assistant_not_ready"
    says = Words(
        "The assistant has nothing to answer from yet.",
        "助理尚未準備就緒。",
        "助理尚未准备就绪。",
    )


class Shelf:
    """Holds the current release of a folder; looks for a newer one every two seconds at most.

    A broken newer release is passed over: the last good one goes on answering.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: Release | None = None
        self.place: Path | None = None
        self.next_glance = 0.0
        self.turn = threading.Lock()

    def release(self) -> Release:
        """Return the current release; NoRelease where none was ever published."""
        if time.monotonic() >= self.next_glance:
            self._glance()
        if self.held is None:
            raise NoRelease
        return self.held

    def has_release(self) -> bool:
        """Say whether questions can be answered."""
        try:
            self.release()
        except NoRelease:
            return False
        return True

    def _glance(self) -> None:
        with self.turn:
            self.next_glance = time.monotonic() + GLANCE_SECONDS
            try:
                place = current_place(self.folder)
                if place != self.place:
                    self.held = load(place)
                    self.place = place
            except ReleaseBroken as broken:
                log.warning("no newer release is taken: %s", broken)
