"""What the OpenAPI document says of tokens: how they are shown, and what each endpoint needs."""

from typing import Any, Final

from api.documents import refused_with
from api.identity.permissions import ENDPOINTS
from api.problems import FORBIDDEN, ISSUER_AWAY, UNAUTHENTICATED

SCHEME: Final = "token"
_CHALLENGE: Final = {"WWW-Authenticate": {"schema": {"type": "string"}}}


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
    for code, response in refused_with(UNAUTHENTICATED, FORBIDDEN).items():
        response["headers"] = {**response["headers"], **_CHALLENGE}
        operation["responses"][str(code)] = response
    (away,) = refused_with(ISSUER_AWAY).values()
    (media,) = away["content"]
    told = operation["responses"].setdefault("503", away)
    told["content"][media]["examples"].update(away["content"][media]["examples"])
