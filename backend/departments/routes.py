"""A department's system signs in."""

import marshmallow as ma
from flask import current_app

from backend.core import clock
from backend.core.access import basic_credentials
from backend.core.database import session_of_request
from backend.core.http import Blueprint
from backend.core.limits import TooManyRequests, guesses
from backend.departments import actions, rules
from backend.departments.schemas import GrantShape, TokenRequestShape

blp = Blueprint(
    "department-sign-in", __name__, url_prefix="/v1/department", description="For departments"
)


@blp.post("/token")
@blp.refuses(
    rules.ClientNotAccepted,
    rules.GrantRequestWrong,
    rules.GrantNotOffered,
    rules.ScopeNotGranted,
    TooManyRequests,
)
@blp.arguments(TokenRequestShape, location="form", unknown=ma.EXCLUDE)
@blp.response(200, GrantShape)
@blp.doc(operationId="grantDepartmentToken")
def grant_token(form: dict[str, str]) -> actions.Grant:
    """Get a token for a department's system"""
    rules.ensure_offered(form["grant_type"])
    client_id, secret = rules.one_way(basic_credentials(), form["client_id"], form["client_secret"])
    with guesses(client_id, rules.ClientNotAccepted):
        return actions.grant_token(
            session_of_request(),
            client_id,
            secret,
            form["scope"],
            now=clock.now(),
            minutes=current_app.extensions["settings"].access_token_minutes,
        )
