"""Shapes of a department's sign-in (RFC 6749, sections 4.4.2 and 5.1)."""

import marshmallow as ma
from marshmallow import fields

from backend.core.http import Shape


class TokenRequestShape(Shape):
    """The form of the client credentials grant; the credentials may come by Basic instead.

    As RFC 6749 section 3.2 asks, a parameter without a value counts as left out, and one that is
    not known here is passed over. What is missing is refused in OAuth's own words.
    """

    class Meta:
        unknown = ma.EXCLUDE

    grant_type = fields.String(
        load_default="", metadata={"description": "`client_credentials`; needed."}
    )
    client_id = fields.String(load_default="")
    client_secret = fields.String(load_default="")
    scope = fields.String(
        load_default="", metadata={"description": "Words apart by blanks; all when left out."}
    )


class GrantShape(Shape):
    """A token and what it may do."""

    access_token = fields.String(required=True)
    token_type = fields.Constant("Bearer")
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    scope = fields.String(required=True)
