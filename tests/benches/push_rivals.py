"""The rivals of the worker: a bare firebase_admin loop, and a bare HTTP/2 client, each a process.

They get the very messages that the worker sent, out of the simulator's log, as lines of a file. Each
says `ready` when all of them are read, begins when a line comes by its standard input, and says at
its end how many seconds of the processor's time it took.
"""

import argparse
import asyncio
import json
import sys
import time
import warnings
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import firebase_admin
import httpx
from firebase_admin import credentials, messaging
from google.auth.transport.requests import Request

BATCH = 500  # the most that `send_each_async` takes
STREAMS = 100
PATIENCE_SECONDS = 60

Said = Mapping[str, Any]


class _Messaging(messaging._MessagingService):  # type: ignore[misc]
    """The SDK's own service, all as it comes, but for the address."""

    def __init__(self, app: firebase_admin.App, address: str) -> None:
        super().__init__(app)
        self._fcm_url = address


async def send_by_firebase(app: firebase_admin.App, address: str, said: Sequence[Said]) -> None:
    """Send by `send_each_async`, 500 at a time."""
    app._get_service("_messaging", lambda app: _Messaging(app, address))
    for first in range(0, len(said), BATCH):
        batch = [message_of(each) for each in said[first : first + BATCH]]
        answer = await messaging.send_each_async(batch, app=app)
        if answer.failure_count:
            raise SystemExit(f"{answer.failure_count} pushes of a batch failed")


async def send_by_http2(app: firebase_admin.App, address: str, said: Sequence[Said]) -> None:
    """Post the JSON with httpx, 100 at any moment."""
    headers = {"Authorization": f"Bearer {app.credential.get_credential().token}"}
    left = iter(said)
    async with httpx.AsyncClient(http2=True, headers=headers, timeout=PATIENCE_SECONDS) as client:

        async def post() -> None:
            for each in left:
                reply = await client.post(address, json={"message": each})
                reply.raise_for_status()

        await asyncio.gather(*(post() for _ in range(STREAMS)))


RIVALS: Mapping[
    str, Callable[[firebase_admin.App, str, Sequence[Said]], Coroutine[Any, Any, None]]
] = {"firebase": send_by_firebase, "http2": send_by_http2}


def message_of(said: Said) -> messaging.Message:
    """Make the SDK's message of the JSON that it becomes."""
    android = dict(said["android"])
    return messaging.Message(
        token=said["token"],
        notification=messaging.Notification(**said["notification"]),
        data=said["data"],
        android=messaging.AndroidConfig(
            collapse_key=android["collapse_key"],
            priority=android["priority"],
            ttl=int(android["ttl"].removesuffix("s")),
            notification=messaging.AndroidNotification(
                tag=android["notification"]["tag"],
                visibility=android["notification"]["visibility"].lower(),
            ),
        ),
        apns=messaging.APNSConfig(headers=said["apns"]["headers"]),
        webpush=messaging.WebpushConfig(
            headers=said["webpush"]["headers"],
            notification=messaging.WebpushNotification(tag=said["webpush"]["notification"]["tag"]),
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rival", choices=RIVALS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--account", type=Path, required=True)
    parser.add_argument("--messages", type=Path, required=True)
    wanted = parser.parse_args()
    warnings.filterwarnings("ignore", r"Message\.token is deprecated", DeprecationWarning)
    app = firebase_admin.initialize_app(credentials.Certificate(str(wanted.account)))
    with wanted.messages.open(encoding="utf-8") as lines:
        said = [json.loads(line) for line in lines]
    # Else each of the first 500 is refused, and signs in on its own.
    app.credential.get_credential().refresh(Request())
    click.echo("ready")
    sys.stdin.readline()
    address = f"{wanted.url}/v1/projects/{app.project_id}/messages:send"
    began = time.process_time()
    asyncio.run(RIVALS[wanted.rival](app, address, said))
    click.echo(time.process_time() - began)


if __name__ == "__main__":
    main()
