"""Keeps the index of the release that a process answers from, and makes the next one in time."""

import threading

from backend.assistant.releases.release import Release
from backend.assistant.suggestions.index import Suggestions
from backend.assistant.suggestions.suggestible import suggestible
from backend.menu import Catalogue


class Suggester:
    """Makes the index of a release when it is first asked for, which takes a second or two.

    Meanwhile others get what the release before suggested, under its own name.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.held: Suggestions | None = None
        self.turn = threading.Lock()

    def suggestions(self, release: Release) -> Suggestions:
        """Return the index of `release`, or of the one before while this one is being made."""
        held = self.held
        if held is not None and held.release == release.version:
            return held
        if not self.turn.acquire(blocking=held is None):
            assert held is not None
            return held
        try:
            if self.held is None or self.held.release != release.version:
                self.held = self._made(release)
            return self.held
        finally:
            self.turn.release()

    def _made(self, release: Release) -> Suggestions:
        phrases = suggestible(release, self.catalogue)
        return Suggestions.of(release.version, phrases, release.readings)
