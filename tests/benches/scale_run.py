"""A push run of any size, second by second: workers, pace, quota, quiet hours, and its crowd.

Nothing is sent and no row is written. Pace, headroom and quiet hours are Ferry's own functions; the
rest is arithmetic over what was measured or is assumed.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from backend.notifications.outbox.claiming import MOST_PER_BATCH
from backend.notifications.outbox.headroom import Headroom
from backend.notifications.outbox.pace import Pace, refilled
from backend.notifications.preferences.hours import AFTER_THE_HOUR, SPREAD_SECONDS, quiet_end
from backend.notifications.preferences.rules import Preferences

QUOTA_PER_MINUTE = 600_000  # of a Firebase project, where nobody has asked for more
LOOKING_SECONDS = 600  # within which those who open the app because of a push do so
BIN_SECONDS = 10  # by which the crowd is kept
CALLS = 4  # of the API, by an app that is opened
OPENING = 0.10  # of those who are pushed to
TOO_SLOW_SECONDS = 0.5
SERVICE_SECONDS = 0.02  # of one request, with nobody else there
THREADS = 8
LONGEST_SECONDS = 7 * 86400  # then the pushes of a new bill are too old
BEGINS = datetime(2026, 11, 23, 1, 32, tzinfo=UTC)  # 09:32 in Hong Kong
HOURS = Preferences()


@dataclass(frozen=True)
class Plant:
    """What there is to send with, and for whom."""

    residents: int
    sending_cores: int
    sends_per_core: float  # a second
    claim_seconds: float  # for which a claim holds the row of the pace
    api_per_second: float  # requests that the API has room for
    everyday_per_second: float = 0.0  # requests that come anyway
    phones: float = 1.3  # of a resident
    per_second: float = 6000.0  # the full pace
    over_seconds: int = 0  # that the pushes are spread over from the start

    @property
    def pushes(self) -> int:
        """How many there are to send."""
        return round(self.residents * self.phones)

    @property
    def claims_per_second(self) -> float:
        """How many pushes can be claimed, as claims follow one another."""
        return MOST_PER_BATCH / self.claim_seconds

    @property
    def most_per_second(self) -> float:
        """What the workers can do at most."""
        return min(self.sending_cores * self.sends_per_core, self.claims_per_second)


@dataclass
class Told:
    """What came of a run."""

    seconds: int = 0  # from the first push to the last
    sent: float = 0.0
    put_off: float = 0.0  # pushes that the quiet hours met
    most_in_a_minute: float = 0.0
    least_share: float = 1.0  # of the full pace that the API had room for
    most_asked: float = 0.0  # requests in the worst second
    slow_seconds: int = 0  # in which a request waited longer than TOO_SLOW_SECONDS
    worst_seconds: float = 0.0  # that one waited


class Api:
    """The web processes as one queue: what is asked beyond their capacity waits its turn."""

    def __init__(self, plant: Plant, chance: random.Random) -> None:
        self.plant, self.chance = plant, chance
        self.coming = [0.0] * (LOOKING_SECONDS // BIN_SECONDS)  # requests, by bins from now on
        self.just_pushed = self.waiting = self.asked = 0.0

    def second(self) -> float:
        """Let a second go by; return how long a request waits."""
        room = self.plant.api_per_second
        self.asked = self.coming[0] / BIN_SECONDS + self.plant.everyday_per_second
        self.waiting = max(0.0, self.waiting + self.asked - room)
        busy = min(self.asked / room, 0.99)
        alone = SERVICE_SECONDS * (1 + busy / (1 - busy) / THREADS)
        return (alone + self.waiting / room) * self.chance.uniform(0.8, 1.25)

    def next_bin(self) -> None:
        """Go on by a bin; of those pushed to in the last one some come, most of them at once."""
        calls = self.just_pushed / self.plant.phones * OPENING * CALLS
        bins, self.just_pushed = len(self.coming), 0.0
        falling = [2 * (bins - place - 0.5) / bins**2 for place in range(bins)]  # sums to one
        later = [*self.coming[1:], 0.0]
        self.coming = [more + calls * part for more, part in zip(later, falling, strict=True)]


class Run:
    """A run on its way: what waits, what rests until the morning, and the pace."""

    def __init__(self, plant: Plant, seed: int) -> None:
        self.plant, self.told = plant, Told()
        self.api, self.headroom = Api(plant, random.Random(seed)), Headroom(None)
        self.waiting, self.resting = float(plant.pushes), 0.0
        self.awake_at, self.per_second_back = BEGINS, 0.0
        self.pace: Pace | None = None
        self.minute = 0.0  # what went in this one

    def play(self) -> Told:
        """Play it to its end, or to the day on which its pushes are too old."""
        tick = 0
        while tick < LONGEST_SECONDS and (self.waiting + self.resting >= 1 or self._is_busy()):
            now = BEGINS + timedelta(seconds=tick)
            if tick % 60 == 0:
                self.minute = 0.0
            self._api_second()
            self._wake(now)
            due = self._due(tick)
            if due >= 1:
                self._work(now, tick, due)
            tick += 1
            if tick % BIN_SECONDS == 0:
                self.api.next_bin()
        return self.told

    def _is_busy(self) -> bool:
        return self.api.just_pushed + sum(self.api.coming) + self.api.waiting >= 1

    def _api_second(self) -> None:
        waited, told = self.api.second(), self.told
        self.headroom._heed(waited)  # as each worker does once a second
        told.least_share = min(told.least_share, self.headroom.room)
        told.most_asked = max(told.most_asked, self.api.asked)
        told.slow_seconds += waited > TOO_SLOW_SECONDS
        told.worst_seconds = max(told.worst_seconds, waited)

    def _wake(self, now: datetime) -> None:
        if self.resting and now >= self.awake_at:
            back = min(self.resting, self.per_second_back)
            self.resting, self.waiting = self.resting - back, self.waiting + back

    def _due(self, tick: int) -> float:
        """How many have their turn: all that wait, or those of the time the run is spread over."""
        spread = self.plant.over_seconds
        if tick >= spread or self.told.put_off:
            return self.waiting
        return min(self.waiting, self.plant.pushes * (tick + 1) / spread - self.told.sent)

    def _work(self, now: datetime, tick: int, due: float) -> None:
        """Send what the pace, the workers and the quota let go; at night, put off what is due."""
        self.pace = refilled(self.pace, now, self.plant.per_second * self.headroom.room)
        end = quiet_end(now, HOURS.quiet_from, HOURS.quiet_until)
        if end:
            asleep = min(due, self.plant.claims_per_second)
            self.waiting, self.resting = self.waiting - asleep, self.resting + asleep
            self.told.put_off += asleep
            self.awake_at, self.per_second_back = (
                end + AFTER_THE_HOUR,
                self.resting / SPREAD_SECONDS,
            )
            return
        room = QUOTA_PER_MINUTE - self.minute
        sent = min(due, self.pace.tokens, self.plant.most_per_second, room)
        self.pace = replace(self.pace, tokens=self.pace.tokens - sent)
        self.waiting, self.minute = self.waiting - sent, self.minute + sent
        self.api.just_pushed += sent
        self.told.sent += sent
        self.told.seconds = tick + 1
        self.told.most_in_a_minute = max(self.told.most_in_a_minute, self.minute)


def play(plant: Plant, seed: int = 1) -> Told:
    """Play a run; the same seed gives the same run."""
    return Run(plant, seed).play()
