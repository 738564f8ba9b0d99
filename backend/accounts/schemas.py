"""Shapes of sign-in and devices."""

from marshmallow import fields, validate

from backend.core.http import Shape


class SignInShape(Shape):
    """What an identity provider needs to vouch for somebody."""

    provider = fields.String(
        required=True,
        validate=validate.Length(min=1, max=40),
        metadata={"description": "Who vouches. `demo` in a demo city.", "example": "demo"},
    )
    proof = fields.String(
        required=True,
        validate=validate.Length(min=1, max=4000),
        metadata={
            "description": "What the provider asks for. In a demo city, the name of a demo person.",
            "example": "chan-sau-ying",
        },
    )


class ResidentShape(Shape):
    """The resident, to themselves."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    language = fields.String(required=True)
    level = fields.String(required=True, validate=validate.OneOf(["smart", "plus"]))


class SignedInShape(Shape):
    """A session's token; it is shown this once."""

    access_token = fields.String(required=True)
    token_type = fields.Constant("Bearer")
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    resident = fields.Nested(ResidentShape, required=True)


class AddressShape(Shape):
    """Where FCM finds a phone."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(["fid", "token"]),
        metadata={"description": "A Firebase installation id, or a registration token."},
    )
    value = fields.String(
        required=True,
        validate=[
            validate.Length(min=8, max=4096),
            validate.Regexp(r"^[\x21-\x7e]+\Z"),
        ],
    )


class DeviceShape(Shape):
    """What a phone says of itself."""

    platform = fields.String(required=True, validate=validate.OneOf(["android", "ios", "web"]))
    address = fields.Nested(AddressShape, required=True)


class DeviceOutShape(Shape):
    """A registered device. Its address is not shown again."""

    id = fields.String(required=True, attribute="installation_id")
    platform = fields.String(required=True)
    registered_at = fields.AwareDateTime(required=True)
