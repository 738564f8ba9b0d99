"""A stand-in for the bank that residents pay into: its merchant API, its page to pay on, its callbacks.

It keeps a ledger of its own (`bank_ledger.py`), whose file is the oracle of the tests, and speaks as
docs/bank-api.md says. `POST /control` scripts what goes wrong next: `{"operation": "find",
"faults": [{"status": 500}]}`; the operations and faults stand in `bank_script.py`. No money is real.
"""

import argparse
import hmac
import json
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from backend.simulators.bank_asked import content_of, order_shape, refund_shape
from backend.simulators.bank_book import Book, Line
from backend.simulators.bank_counter import Counter
from backend.simulators.bank_ledger import Ledger
from backend.simulators.bank_money import Refused
from backend.simulators.bank_postman import Postman
from backend.simulators.bank_script import ApiFault, Script

Deed = Callable[[ApiFault], tuple[int, Line | str]]


@dataclass(frozen=True)
class BankKeys:
    """Who may call the API, and what callbacks are signed with: the first of `callback` signs."""

    api: frozenset[str]
    callback: Mapping[str, str]


class BankApi:
    """The merchant API over a ledger, with the script's faults between."""

    def __init__(self, ledger: Ledger, script: Script, keys: frozenset[str]) -> None:
        self.ledger, self.script, self.keys = ledger, script, keys

    def put_order(self, reference: str) -> Response:
        """Make an order."""
        return self._answer(
            "create", lambda _: self.ledger.put_order(reference, content_of(order_shape))
        )

    def order(self, reference: str) -> Response:
        """Show an order."""
        return self._answer("find", lambda _: (200, self.ledger.order(reference)))

    def cancel(self, reference: str) -> Response:
        """Close an order."""
        return self._answer("cancel", lambda _: (200, self.ledger.cancel(reference)))

    def put_refund(self, reference: str) -> Response:
        """Refund money."""
        return self._answer(
            "refund",
            lambda fault: self.ledger.put_refund(reference, content_of(refund_shape), fault),
        )

    def refund(self, reference: str) -> Response:
        """Show a refund."""
        return self._answer("find_refund", lambda _: (200, self.ledger.refund(reference)))

    def statement(self, day: str) -> Response:
        """List the movements of a day."""
        return self._answer("statement", lambda _: (200, self._statement(day)))

    def _statement(self, day: str) -> str:
        try:
            lines = self.ledger.statement(date.fromisoformat(day))
        except ValueError as error:
            raise Refused(422, "not_valid") from error
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)

    def _answer(self, operation: str, do: Deed) -> Response:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if not any(hmac.compare_digest(key, each.encode()) for each in self.keys):
            return _refusal(401, "not_signed_in")
        fault = self.script.next_for(ApiFault, operation, "*")
        time.sleep(fault.delay_seconds)
        if fault.lose == "request":
            return _hang_up()
        scripted = _refusal(fault.status, _code_of(fault.status), fault)
        if fault.status != 200 and not fault.after:
            return scripted
        answer = self._done(fault, do)
        if fault.lose == "answer":
            return _hang_up()
        return answer if fault.status == 200 else scripted

    def _done(self, fault: ApiFault, do: Deed) -> Response:
        try:
            status, said = do(fault)
        except Refused as refused:
            return _refusal(refused.status, refused.code)
        self.ledger.book.ensure_on_disk()
        return _reply(status, said, fault)


def make_bank(
    log: Path, keys: BankKeys, callback_url: str | None = None, first_wait_seconds: float = 1
) -> tuple[Flask, Postman]:
    """Make the simulator; its ledger is kept at the path `log`. Its postman is not yet started."""
    app, script = Flask("bank"), Script()
    ledger = Ledger(Book(log), script)
    postman = Postman(ledger, callback_url, keys.callback, first_wait_seconds)
    api, counter = BankApi(ledger, script, keys.api), Counter(ledger, script)
    app.put("/v1/orders/<reference>")(api.put_order)
    app.get("/v1/orders/<reference>")(api.order)
    app.post("/v1/orders/<reference>/cancel")(api.cancel)
    app.put("/v1/refunds/<reference>", endpoint="put_refund")(api.put_refund)
    app.get("/v1/refunds/<reference>", endpoint="refund")(api.refund)
    app.get("/v1/statements/<day>")(api.statement)
    app.get("/")(counter.hall)
    app.get("/pay")(counter.ask)
    app.post("/pay")(counter.take)
    desk = _Desk(ledger, script, postman)
    app.post("/control")(desk.lay_down)
    app.delete("/control")(desk.begin_anew)
    app.post("/control/release")(desk.release)
    app.post("/control/callbacks")(desk.call_back)
    app.get("/log")(desk.read_log)
    app.register_error_handler(HTTPException, _not_here)
    return app, postman


class _Desk:
    """Where the tests say what goes wrong, and read what happened."""

    def __init__(self, ledger: Ledger, script: Script, postman: Postman) -> None:
        self.ledger, self.script, self.postman = ledger, script, postman

    def lay_down(self) -> Response:
        """Lay down faults: `{"operation": …, "faults": […]}`."""
        order = request.get_json()
        try:
            self.script.add(order["operation"], order["faults"])
        except (KeyError, TypeError) as error:
            return _reply(400, {"error": {"code": "not_readable", "message": str(error)}})
        return _reply(200, {"ok": True})

    def begin_anew(self) -> Response:
        """Forget the script, the ledger and all letters."""
        self.script.forget()
        self.postman.forget()
        self.ledger.begin_anew()
        return _reply(200, {"ok": True})

    def release(self) -> Response:
        """Send what is held back."""
        self.postman.release()
        return _reply(200, {"ok": True})

    def call_back(self) -> Response:
        """Send callbacks to another address: `{"url": … or null}`."""
        self.postman.go_to(request.get_json()["url"])
        return _reply(200, {"ok": True})

    def read_log(self) -> Response:
        """Give the ledger's file."""
        return Response(self.ledger.book.path.read_bytes(), mimetype="application/x-ndjson")


class _Handler(WSGIRequestHandler):
    """Keeps connections, as a bank's servers do; and what is small leaves at once."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60


def make_bank_server(
    log: Path,
    keys: BankKeys,
    callback_url: str | None = None,
    port: int = 0,
    first_wait_seconds: float = 1,
) -> tuple[BaseWSGIServer, Postman]:
    """Make a threaded server of the simulator on loopback; port 0 takes a free one."""
    # One line per deed stands in the ledger; the server's own line per request is only noise.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app, postman = make_bank(log, keys, callback_url, first_wait_seconds)
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Handler)
    return server, postman


def _reply(status: int, said: Line | str, fault: ApiFault | None = None) -> Response:
    """Answer in JSON, or, with a text, in lines of it; spoilt as the fault says."""
    fault = fault or ApiFault()
    kind = "application/x-ndjson" if isinstance(said, str) else fault.media_type
    if isinstance(said, dict) and fault.wrong_reference:
        said = {**said, "reference": "another"}
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    raw = (text if fault.body is None else fault.body).encode("utf-8", "surrogatepass")
    response = Response(raw[: len(raw) - fault.cut_bytes], status=status, content_type=kind)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _refusal(status: int, code: str, fault: ApiFault | None = None) -> Response:
    return _reply(status, {"error": {"code": code, "message": f"Simulated: {code}."}}, fault)


def _code_of(status: int) -> str:
    """Return a word for a status that the script asks for."""
    return {400: "not_readable", 409: "order_differs", 422: "not_valid", 429: "too_many"}.get(
        status, "away"
    )


def _not_here(error: HTTPException) -> Response:
    return _refusal(error.code or 500, "not_here")


def _hang_up() -> Response:
    """Close the connection under the reply, so that none arrives."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response()


def _wanted(words: Sequence[str]) -> argparse.Namespace:
    # `@FILE` reads words from a file, a line each: secrets do not stand in a list of processes.
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--key", action="append", required=True, help="may call the API")
    parser.add_argument("--callback-url")
    parser.add_argument("--callback-key", action="append", required=True, metavar="ID:SECRET")
    parser.add_argument("--first-wait-seconds", type=float, default=1.0)
    return parser.parse_args(words)


def _stop(_number: int, _frame: object) -> NoReturn:
    sys.exit()


def main() -> None:
    wanted = _wanted(sys.argv[1:])
    pairs = (each.partition(":") for each in wanted.callback_key)
    keys = BankKeys(frozenset(wanted.key), {name: secret for name, _, secret in pairs})
    signal.signal(signal.SIGTERM, _stop)
    server, postman = make_bank_server(
        wanted.log, keys, wanted.callback_url, wanted.port, wanted.first_wait_seconds
    )
    postman.start()
    server.serve_forever()


if __name__ == "__main__":
    main()
