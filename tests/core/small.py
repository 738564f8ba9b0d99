"""A small application behind the same hooks as Ferry, with routes that no Ferry would have."""

from typing import Any

from flask import Flask, Response, request
from marshmallow import fields
from sqlalchemy import func, select

from backend.accounts import Resident
from backend.app import line_up_hooks
from backend.core import clock
from backend.core.access import guest, resident
from backend.core.database import Database, session_of_request
from backend.core.http import Blueprint, Shape, make_api
from backend.core.idempotency import idempotent
from backend.core.limits import Limiter


class AnythingShape(Shape):
    """A text, and anything beside it."""

    text = fields.String(required=True)
    more = fields.Raw()


def make_small_app(database: Database, per_minute: int = 100_000) -> Flask:
    """Make the application; its routes stand under three of Ferry's own doors."""
    app = Flask("small", static_folder=None)
    api = make_api(app)
    api.register_blueprint(open_routes())
    api.register_blueprint(residents_routes())
    api.register_blueprint(guests_routes())
    limiter = Limiter("memory://", per_minute)
    app.extensions["limiter"] = limiter
    line_up_hooks(app, database, limiter)
    return app


def write_resident(subject: str) -> None:
    """Write a row in the request's own session."""
    db = session_of_request()
    db.add(
        Resident(
            provider="test",
            subject=subject,
            name="Somebody",
            language="en",
            level="smart",
            created_at=clock.now(),
        )
    )
    db.flush()


def count_residents(database: Database, subject: str) -> int:
    """Count the rows that `write_resident` left."""
    with database.transaction(read_only=True) as db:
        wanted = select(func.count()).select_from(Resident).where(Resident.subject == subject)
        return db.scalars(wanted).one()


def open_routes() -> Blueprint:
    """Make the routes that anyone may call."""
    blp = Blueprint("sign-in", __name__, url_prefix="/open")

    @blp.post("/echo")
    @blp.arguments(AnythingShape)
    @blp.response(200)
    def echo(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @blp.post("/form")
    @blp.arguments(AnythingShape, location="form")
    @blp.response(200)
    def form(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @blp.route("/bare", methods=["GET", "DELETE"])
    @blp.response(200)
    def bare() -> dict[str, str]:
        return {"language": "any"}

    @blp.post("/rows/<subject>/<int:status>")
    def write_and_answer(subject: str, status: int) -> Response:
        write_resident(subject)
        return Response(status=status)

    @blp.post("/rows/<subject>/crash")
    def write_and_crash(subject: str) -> Response:
        write_resident(subject)
        raise RuntimeError(f"{subject} told me {request.query_string!r}")

    @blp.get("/rows/<subject>")
    def write_in_a_reading_request(subject: str) -> Response:
        write_resident(subject)
        return Response(status=200)

    @blp.get("/count")
    def count() -> dict[str, int]:
        found = session_of_request().scalars(select(func.count()).select_from(Resident)).one()
        return {"residents": found}

    return blp


def residents_routes() -> Blueprint:
    """Make the routes for signed-in residents."""
    blp = Blueprint("sessions", __name__, url_prefix="/mine")

    @blp.get("/id")
    def my_id() -> dict[str, str]:
        return {"id": resident().resident_id}

    @blp.put("/text")
    @blp.arguments(AnythingShape)
    @blp.response(200)
    def put_text(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @blp.post("/deeds")
    @idempotent
    @blp.arguments(AnythingShape)
    @blp.response(201)
    def do_once(body: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        write_resident(body["text"])
        if body.get("more") == "crash":
            raise RuntimeError("after the deed, before the reply")
        return {"id": clock.new_id("deed")}, 201, {"Location": "/mine/deeds/1"}

    return blp


def guests_routes() -> Blueprint:
    """Make the routes for anyone, known or not."""
    blp = Blueprint("assistant", __name__, url_prefix="/guest")

    @blp.get("/id")
    def guests_id() -> dict[str, str | None]:
        caller = guest()
        return {"id": caller.resident_id if caller else None}

    return blp
