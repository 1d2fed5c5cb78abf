"""What the OpenAPI document says of tokens: how they are shown, what each endpoint needs, how often."""

from typing import Any, Final

from api.documents import refused_with
from api.identity.permissions import ENDPOINTS
from api.problems import FORBIDDEN, ISSUER_AWAY, TOO_MANY, UNAUTHENTICATED
from schemas.problems import LOCATION_OUTSIDE

SCHEME: Final = "token"
_HEADERS: Final = {
    401: ["WWW-Authenticate"],
    403: ["WWW-Authenticate"],
    429: ["RateLimit", "RateLimit-Policy"],
}


def tell_rules(document: dict[str, Any]) -> None:
    """Put each endpoint's rule into the document, with the answers to those who break it."""
    document["components"]["securitySchemes"] = {
        SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            rule = ENDPOINTS[method.upper(), path]
            if rule is not None:
                _tell(operation, sorted(rule))


def _tell(operation: dict[str, Any], needed: list[str]) -> None:
    operation["security"] = [{SCHEME: needed}]
    if needed:
        said = f"Needs {', '.join(f'`{name}`' for name in needed)}."
        operation["description"] = f"{operation.get('description', '')}\n\n{said}".strip()
    refusals = refused_with(UNAUTHENTICATED, FORBIDDEN, LOCATION_OUTSIDE, TOO_MANY)
    for code, names in _HEADERS.items():
        for name in names:
            refusals[code]["headers"][name] = {"schema": {"type": "string"}}
        operation["responses"][str(code)] = refusals[code]
    (away,) = refused_with(ISSUER_AWAY).values()
    (media,) = away["content"]
    told = operation["responses"].setdefault("503", away)
    told["content"][media]["examples"].update(away["content"][media]["examples"])
