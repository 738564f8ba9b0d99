"""The release that this process answers from; a newly published one takes its place by itself."""

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

from backend.assistant.meaning import Encoder
from backend.assistant.releases.release import Release
from backend.assistant.releases.store import ReleaseBroken, current_place, load
from backend.core.errors import Unavailable
from backend.core.languages import Words

GLANCE_SECONDS = 2.0
log = logging.getLogger(__name__)


class NoRelease(Unavailable):
    code = "assistant_not_ready"
    says = Words(
        "The assistant is not ready yet. Please try again later.",
        "助理尚未準備就緒，請稍後再試。",
        "助理尚未准备就绪，请稍后再试。",
    )


class Shelf:
    """Holds the current release of a folder; looks for a newer one every two seconds at most.

    A broken newer release is passed over: the last good one goes on answering. While one thread
    loads a release, the others answer from the one they have, or wait for their first.
    """

    def __init__(self, folder: Path, encoder: Encoder | None = None) -> None:
        self.folder = folder
        self.encoder = encoder
        self.held: Release | None = None
        self.place: Path | None = None
        self.passed_over: tuple[Path, int] | None = None
        self.next_glance = 0.0
        self.turn = threading.Lock()

    def release(self) -> Release:
        """Return the current release; NoRelease where none was ever published."""
        is_first = self.held is None
        if (is_first or time.monotonic() >= self.next_glance) and self.turn.acquire(is_first):
            try:
                self._glance()
            finally:
                self.turn.release()
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
        self.next_glance = time.monotonic() + GLANCE_SECONDS
        try:
            place = current_place(self.folder)
            if place != self.place:
                self._take(place)
        except ReleaseBroken as broken:
            log.warning("no newer release is taken: %s", broken)

    def _take(self, place: Path) -> None:
        """Load a release, unless it is the one that was found broken and nothing has changed."""
        seen = (place, written_at(place))
        if seen == self.passed_over:
            return
        try:
            self.held = replace(load(place), encoder=self.encoder)
        except ReleaseBroken:
            self.passed_over = seen
            raise
        self.place, self.passed_over = place, None


def written_at(place: Path) -> int:
    """Return when the folder of a release was last written, in nanoseconds; 0 where none is."""
    try:
        return place.stat().st_mtime_ns
    except OSError:
        return 0
