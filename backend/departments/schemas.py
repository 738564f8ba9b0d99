"""Shapes of a department's sign-in (RFC 6749, sections 4.4.2 and 5.1)."""

from marshmallow import fields, validate

from backend.core.http import Shape


class TokenRequestShape(Shape):
    """The form of the client credentials grant; the credentials may come by Basic instead."""

    grant_type = fields.String(
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata={"description": "`client_credentials`"},
    )
    client_id = fields.String(load_default=None, validate=validate.Length(max=100))
    client_secret = fields.String(load_default=None, validate=validate.Length(max=200))
    scope = fields.String(load_default=None, validate=validate.Length(max=200))


class GrantShape(Shape):
    """A token and what it may do."""

    access_token = fields.String(required=True)
    token_type = fields.Constant("Bearer")
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    scope = fields.String(required=True)
