"""Signing in and out, and the phones that pushes go to."""

from typing import Any

from flask import current_app

from backend.accounts import actions, rules
from backend.accounts.models import Device
from backend.accounts.schemas import DeviceOutShape, DeviceShape, SignedInShape, SignInShape
from backend.core import clock
from backend.core.access import resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint

sign_in_blp = Blueprint("sign-in", __name__, url_prefix="/v1", description="Signing in and out")
sessions_blp = Blueprint("sessions", __name__, url_prefix="/v1", description="My session")
devices_blp = Blueprint("devices", __name__, url_prefix="/v1", description="Phones and pushes")


@sign_in_blp.post("/sessions")
@sign_in_blp.refuses(rules.ProviderNotKnown, rules.ProofNotAccepted)
@sign_in_blp.arguments(SignInShape)
@sign_in_blp.response(201, SignedInShape)
@sign_in_blp.doc(operationId="signIn")
def sign_in(body: dict[str, str]) -> actions.SignedIn:
    """Sign in"""
    return actions.sign_in(
        session_of_request(),
        current_app.extensions["identity_providers"],
        body["provider"],
        body["proof"],
        now=clock.now(),
        minutes=current_app.extensions["settings"].access_token_minutes,
    )


@sessions_blp.delete("/sessions/current")
@sessions_blp.response(204)
@sessions_blp.doc(operationId="signOut")
def sign_out() -> None:
    """Sign out"""
    actions.sign_out(session_of_request(), resident().session_id)


@devices_blp.put("/devices/<device:device_id>")
@devices_blp.refuses(rules.TooManyDevices)
@devices_blp.arguments(DeviceShape)
@devices_blp.response(200, DeviceOutShape)
@devices_blp.doc(operationId="registerDevice")
def register_device(body: dict[str, Any], device_id: str) -> Device:
    """Register a phone for pushes"""
    address = body["address"]
    phone = actions.Phone(body["platform"], address["kind"], address["value"])
    return actions.register_device(
        session_of_request(), resident().resident_id, device_id, phone, clock.now()
    )


@devices_blp.delete("/devices/<device:device_id>")
@devices_blp.refuses(rules.DeviceNotFound)
@devices_blp.response(204)
@devices_blp.doc(operationId="forgetDevice")
def forget_device(device_id: str) -> None:
    """Stop pushes to a phone"""
    actions.forget_device(session_of_request(), resident().resident_id, device_id)
