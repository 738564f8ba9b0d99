"""A Ferry and its FCM simulator as real processes, to be killed and begun again."""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.chaos.payments_works import FERRY, PATIENCE_SECONDS, Part
from tests.chaos.push_ground import Ground, Postgresql, Size
from tests.ports import free_ports
from tests.simulators.desk import PROJECT, Desk, one_account, wait_until


@dataclass(frozen=True)
class Kill:
    """Who was killed, and from when to when nobody did its work; seconds since the epoch."""

    name: str
    at: float
    back_at: float


@dataclass
class Works:
    """All the parts, the simulator's desk, and where the web is reached."""

    database_url: str
    url: str
    desk: Desk
    parts: list[Part]
    postgresql: Postgresql | None
    kills: list[Kill] = field(default_factory=list)
    deck: list[Part | Postgresql] = field(default_factory=list)

    def wait_until_up(self) -> None:
        """Wait until every part has begun its work."""
        wait_until(lambda: all(part.is_up() for part in self.parts), PATIENCE_SECONDS)

    def kill_one(self, chance: random.Random) -> None:
        """Kill whoever is next in a shuffled deck of all; begin it again at once."""
        if not self.deck:
            self.deck = [*self.parts, *([self.postgresql] if self.postgresql else [])]
            chance.shuffle(self.deck)
        victim = self.deck.pop()
        wait_until(victim.is_up, PATIENCE_SECONDS)
        killed_at = time.time()
        victim.kill()
        victim.start()
        self.kills.append(Kill(victim.name, killed_at, time.time()))

    def killed(self) -> Counter[str]:
        """How often each was killed."""
        return Counter(kill.name for kill in self.kills)


@contextmanager
def running_works(ground: Ground, size: Size) -> Iterator[Works]:
    """Run web (two processes), some workers and the simulator, on an empty database."""
    folder = ground.folder
    web_port, fcm_port = free_ports(2)
    log = folder / "fcm.log"
    log.touch()
    environment = _environment(ground, web_port, fcm_port, size.lease_seconds)
    fcm = [sys.executable, "-m", "backend.simulators.fcm", "--port", str(fcm_port)]
    parts = [
        Part("simulator", [*fcm, "--log", str(log)], environment, folder / "fcm.err", fcm_port),
        Part("web", [FERRY, "serve", "--workers", "2"], environment, folder / "web.err", web_port),
        *(
            Part(f"worker {n}", [FERRY, "work"], environment, folder / f"worker-{n}.err")
            for n in range(1, size.workers + 1)
        ),
    ]
    desk = Desk(f"http://127.0.0.1:{fcm_port}", log)
    url = f"http://127.0.0.1:{web_port}"
    works = Works(ground.database_url, url, desk, parts, ground.postgresql)
    try:
        for part in parts:
            part.start()
        works.wait_until_up()
        yield works
    finally:
        for part in parts:
            part.kill()


def _environment(
    ground: Ground, web_port: int, fcm_port: int, lease_seconds: int
) -> dict[str, str]:
    account = ground.folder / "fcm-account.json"
    fcm_url = f"http://127.0.0.1:{fcm_port}"
    account.write_text(json.dumps({**one_account(), "token_uri": f"{fcm_url}/token"}))
    return {
        **os.environ,
        "FERRY_STAGE": "demo",
        "FERRY_DATA_DIR": str(ground.folder),
        "FERRY_DATABASE_URL": ground.database_url,
        "FERRY_LEASE_SECONDS": str(lease_seconds),
        "FERRY_FCM_PROJECT_ID": PROJECT,
        "FERRY_FCM_ENDPOINT": fcm_url,
        "FERRY_FCM_CREDENTIALS": str(account),
        "FERRY_REQUESTS_PER_MINUTE": "1000000",
        "FERRY_ACCESS_TOKEN_MINUTES": "1440",
        "PORT": str(web_port),
    }
