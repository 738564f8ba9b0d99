"""The only place where things are joined: settings, gateways, capabilities, doors.

A request passes, in this order: telemetry, language, door, limit, body; then its route. On the way
back its session commits below 400, and the headers that every reply carries are put on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from flask import Flask
from sqlalchemy import MetaData, Select, text
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import accounts, bills, departments
from backend.accounts import routes as accounts_routes
from backend.assistant import routes as assistant_routes
from backend.assistant.conversations import routes as conversations_routes
from backend.assistant.feedback import routes as feedback_routes
from backend.assistant.feedback.actions import note_unanswered
from backend.assistant.meaning import Encoder, EncoderMissing, load_encoder
from backend.assistant.releases.shelf import Shelf
from backend.assistant.suggestions import routes as suggestions_routes
from backend.assistant.suggestions.suggester import Suggester
from backend.bills import routes as bills_routes
from backend.bills.calendar import routes as calendar_routes
from backend.bills.linking import routes as linking_routes
from backend.bills.runs import routes as runs_routes
from backend.core import (
    access,
    database,
    description,
    limits,
    migrations,
    operations,
    telemetry,
)
from backend.core.http import api, make_api, page, replies
from backend.core.jobs import Bell, make_huey
from backend.core.settings import Settings, SettingsWrong, read_settings
from backend.departments import routes as departments_routes
from backend.departments.webhooks import routes as webhooks_routes
from backend.departments.webhooks.models import waiting_events
from backend.gateways.identity_proofing import DemoIdentityProvider, IdentityProvider
from backend.gateways.signer import KeyFileSigner, KeyNotUsable, Signer
from backend.home import routes as home_routes
from backend.menu import load_catalogue
from backend.menu import routes as menu_routes
from backend.menu.favourites import routes as favourites_routes
from backend.menu.search import index_of
from backend.notifications import routes as notifications_routes
from backend.notifications.feedback import routes as message_feedback_routes
from backend.notifications.outbox.models import open_deliveries
from backend.notifications.outbox.parking import parked_count
from backend.notifications.preferences import routes as preferences_routes
from backend.notifications.runs import routes as push_runs_routes
from backend.payments import routes as payments_routes
from backend.payments.actions import is_being_paid
from backend.payments.callbacks import routes as callbacks_routes
from backend.payments.callbacks.models import quarantined_events
from backend.payments.fps_qr import PayeeNotAllowed, check_payee
from backend.payments.parity import routes as parity_routes
from backend.payments.parity.models import count_of_open_findings
from backend.payments.reading import Till, read_payments_of
from backend.payments.receipts import routes as receipts_routes

TABLES: MetaData = database.Base.metadata
BLUEPRINTS = (
    operations.blp,
    page.blp,
    menu_routes.blp,
    assistant_routes.blp,
    conversations_routes.blp,
    suggestions_routes.blp,
    feedback_routes.blp,
    accounts_routes.sign_in_blp,
    accounts_routes.sessions_blp,
    accounts_routes.devices_blp,
    notifications_routes.blp,
    notifications_routes.check_blp,
    preferences_routes.blp,
    home_routes.blp,
    favourites_routes.blp,
    bills_routes.blp,
    linking_routes.blp,
    calendar_routes.blp,
    calendar_routes.feed_blp,
    payments_routes.blp,
    receipts_routes.blp,
    receipts_routes.check_blp,
    departments_routes.blp,
    bills_routes.department_blp,
    runs_routes.blp,
    push_runs_routes.blp,
    message_feedback_routes.blp,
    webhooks_routes.blp,
    parity_routes.blp,
    callbacks_routes.blp,
)


@dataclass(frozen=True)
class Gateways:
    """The partners that the web process asks."""

    identity_providers: Mapping[str, IdentityProvider]
    receipt_signer: Signer | None = None


def choose_gateways(settings: Settings) -> Gateways:
    """Return the partners that the settings name; stand-ins in a demo only. SettingsWrong."""
    try:
        signer = KeyFileSigner(settings.receipt_key) if settings.receipt_key else None
    except KeyNotUsable as error:
        raise SettingsWrong(f"FERRY_RECEIPT_KEY: {error}") from error
    if not settings.is_demo:
        return Gateways({}, signer)
    demo = DemoIdentityProvider()
    return Gateways({demo.name: demo}, signer)


def open_till(settings: Settings) -> Till | None:
    """Return what residents pay into, None where no bank is named.

    SettingsWrong where a demo could be paid into for real, or production could not.
    """
    if settings.bank is None:
        return None
    try:
        check_payee(settings.bank.payee, settings.bank.payee_name, is_demo=settings.is_demo)
    except PayeeNotAllowed as error:
        raise SettingsWrong(f"FERRY_FPS_PAYEE: {error}") from error
    return Till(settings.bank, settings.is_demo)


def choose_encoder(settings: Settings) -> Encoder | None:
    """Return the sentence encoder that the settings name, None for none; SettingsWrong."""
    if settings.sentence_encoder is None:
        return None
    try:
        return load_encoder(settings.sentence_encoder)
    except EncoderMissing as error:
        raise SettingsWrong(f"FERRY_SENTENCE_ENCODER: {error}") from error


def create_app(settings: Settings, gateways: Gateways, rows: database.Database) -> Flask:
    """Join a web application; its content (catalogue, release) is read from the data folder.

    SettingsWrong where a stand-in would vouch for people outside a demo.
    """
    stand_ins = [p.name for p in gateways.identity_providers.values() if p.is_stand_in]
    if stand_ins and not settings.is_demo:
        raise SettingsWrong(f"Only a demo may run with a stand-in: {', '.join(stand_ins)}.")
    app = _bare_app()
    catalogue = load_catalogue(settings.data_dir)
    shelf = Shelf(settings.releases_dir, choose_encoder(settings))
    limiter = limits.Limiter(settings.limits_url, settings.requests_per_minute)
    app.extensions.update(
        settings=settings,
        identity_providers=gateways.identity_providers,
        catalogue=catalogue,
        search_index=index_of(catalogue),
        department_name=catalogue.department_name,
        shelf=shelf,
        suggester=Suggester(catalogue),
        answered=partial(note_unanswered, rows),
        bell=Bell(make_huey(settings.jobs_url, settings.data_dir)),
        till=open_till(settings),
        receipt_signer=gateways.receipt_signer,
        bill_is_being_paid=is_being_paid,
        bill_payments=read_payments_of,
        bill_is_posted_by=bills.is_posted_by,
        limiter=limiter,
        gauges=_gauges(rows),
        ready_checks={
            "database": lambda: _answers(rows),
            "tables": lambda: migrations.is_current(rows),
            "assistant": shelf.has_release,
        },
    )
    line_up_hooks(app, rows, limiter)
    app.extensions["describe_api"] = describe_api
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def create_from_environment() -> Flask:
    """Make the application that gunicorn serves."""
    telemetry.start_logging()
    settings = read_settings()
    return create_app(settings, choose_gateways(settings), database.Database(settings.database_url))


@cache
def describe_api() -> dict[str, Any]:
    """Return the OpenAPI description of this code; needs neither settings nor content.

    It takes as long as all else of an app, so it is made when somebody first asks for it.
    """
    app = Flask("ferry", static_folder=None)
    ferry_api = make_api(app)
    for blueprint in BLUEPRINTS:
        ferry_api.register_blueprint(blueprint)
    return description.describe(app, ferry_api)


def line_up_hooks(app: Flask, rows: database.Database, limiter: limits.Limiter) -> None:
    """Put on `app` what every request passes, in and out."""
    # Flask runs `before` hooks in this order and `after` hooks in the reverse: the commit comes
    # before the common headers on the way back, and the count and the log line last, when the
    # status is settled. The body is read after the door and before any writing session opens.
    telemetry.bind(app)
    replies.bind(app)
    database.bind(app, rows)
    access.guard(app, [accounts.find_resident_caller, departments.find_department_caller])
    limits.bind(app, limiter)
    app.before_request(api.check_what_is_expected)


def _bare_app() -> Flask:
    app = Flask("ferry", static_folder=None)
    make_api(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _gauges(rows: database.Database) -> dict[str, tuple[str, Callable[[], int]]]:
    """List what is counted in the rows whenever somebody asks for the metrics."""
    return {
        "ferry_deliveries_open": ("Pushes still to go", partial(_count, rows, open_deliveries)),
        "ferry_deliveries_parked": (
            "Pushes that could not be placed and wait for staff",
            partial(_count, rows, parked_count),
        ),
        "ferry_department_events_waiting": (
            "Events that departments are still to be told",
            partial(_count, rows, waiting_events),
        ),
        "ferry_bank_events_quarantined": (
            "Callbacks of the bank that staff must look at",
            partial(_count, rows, quarantined_events),
        ),
        "ferry_parity_findings_open": (
            "Differences from the bank's file that staff must look into",
            partial(_count, rows, count_of_open_findings),
        ),
    }


def _count(rows: database.Database, counted: Callable[[], Select[int]]) -> int:
    with rows.transaction(read_only=True) as db:
        return db.scalars(counted()).one()


def _answers(rows: database.Database) -> bool:
    with rows.transaction(read_only=True) as db:
        return bool(db.scalar(text("select 1")))
