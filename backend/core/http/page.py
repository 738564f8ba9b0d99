"""The interactive page of the API: Swagger UI, served by us, with nothing from elsewhere."""

from pathlib import Path
from typing import Any

import flask_swagger_ui
from flask import Response, current_app, send_from_directory

from backend.core.http.api import Blueprint

DIST = Path(flask_swagger_ui.__file__).parent / "dist"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
DESCRIPTION = {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ferry: the API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="api"></div>
<noscript>This page needs JavaScript. The same description stands at /openapi.json.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true});
"""

blp = Blueprint("api-page", __name__, description="This description, as a page")


@blp.get("/docs")
@blp.doc(operationId="readApiPage")
@blp.response(200, content_type="text/html")
def read_page() -> Response:
    """Open the interactive page of this API"""
    return _own_text(PAGE, "text/html")


@blp.get("/docs/<any('swagger-ui.css','swagger-ui-bundle.js','favicon-32x32.png','start.js'):name>")
@blp.doc(operationId="readApiPageAsset")
@blp.response(200, content_type="application/octet-stream")
def read_asset(name: str) -> Response:
    """Fetch a part of the interactive page"""
    if name == "start.js":
        return _own_text(START, "text/javascript")
    return send_from_directory(DIST, name)


@blp.get("/openapi.json")
@blp.doc(operationId="readApiDescription", responses={"200": DESCRIPTION})
@blp.response(200)
def read_description() -> dict[str, Any]:
    """Read the description of this API (OpenAPI 3.1)"""
    description: dict[str, Any] = current_app.extensions["describe_api"]()
    return description


def _own_text(text: str, mimetype: str) -> Response:
    return Response(text, mimetype=mimetype, headers={"Content-Security-Policy": POLICY})
