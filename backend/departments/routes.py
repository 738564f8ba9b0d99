"""A department's system signs in."""

from flask import current_app, request

from backend.core import clock
from backend.core.database import session_of_request
from backend.core.http import Blueprint
from backend.core.limits import TooManyRequests, guesses
from backend.departments import actions, rules
from backend.departments.schemas import GrantShape, TokenRequestShape

blp = Blueprint(
    "department-sign-in", __name__, url_prefix="/v1/department", description="For departments"
)


@blp.post("/token")
@blp.refuses(rules.ClientNotAccepted, rules.GrantNotOffered, rules.ScopeNotGranted, TooManyRequests)
@blp.arguments(TokenRequestShape, location="form")
@blp.response(200, GrantShape)
@blp.doc(operationId="grantDepartmentToken")
def grant_token(form: dict[str, str | None]) -> actions.Grant:
    """Get a token for a department's system"""
    if form["grant_type"] != "client_credentials":
        raise rules.GrantNotOffered
    basic = request.authorization
    by_basic = basic is not None and basic.type == "basic"
    client_id = (basic.username if basic and by_basic else form["client_id"]) or ""
    secret = (basic.password if basic and by_basic else form["client_secret"]) or ""
    with guesses(client_id, rules.ClientNotAccepted):
        return actions.grant_token(
            session_of_request(),
            client_id,
            secret,
            form["scope"],
            clock.now(),
            current_app.extensions["settings"].access_token_minutes,
        )
