"""What a server says of itself."""

from typing import Any
from urllib.parse import urlsplit

from tui.errors import OutOfReach
from tui.networks.mastodon.calls import told
from tui.networks.records import ServerLimits
from tui.networks.wire import Wire

MOST = 1_000_000
"""No limit of ours is larger: whoever says more has none."""


def instance(wire: Wire) -> dict[str, Any]:
    """What it says of itself, in version 2 where it has that. Raises OutOfReach."""
    for path in ("/api/v2/instance", "/api/v1/instance"):
        answer = wire.get(path)
        if answer.ok:
            if (found := answer.object()) is not None:
                return found
        elif answer.status == 429 or answer.status >= 500:
            break
    raise OutOfReach(f"{wire.server.host} does not say what it takes: {told(answer)}; it is asked again.")


def limits(found: dict[str, Any]) -> ServerLimits:
    """What it takes: `configuration.statuses` on Mastodon, a number of its own on older servers and others."""
    configured = _at(found, "configuration", "statuses")
    given = configured if isinstance(configured, dict) else {}
    characters = _number(given.get("max_characters")) or _number(found.get("max_toot_chars"))
    return ServerLimits(
        characters or _number(found.get("max_characters")),
        _number(given.get("characters_reserved_per_url")),
        _number(given.get("max_media_attachments")),
    )


def domain(found: dict[str, Any], host: str) -> str:
    """What stands behind the second `@` of its people, which need not be where it is served."""
    given = found.get("domain") or found.get("uri")
    if type(given) is not str:
        return host
    given = urlsplit(given).hostname if "://" in given else given
    return given.lower() if given and _is_domain(given) else host


def streaming(found: dict[str, Any], host: str) -> str:
    """Where its stream is: on its own host, or below or beside it in the same domain; else nowhere we would go."""
    given = _at(found, "configuration", "urls", "streaming") or _at(found, "urls", "streaming_api")
    if type(given) is not str or not given:
        return ""
    try:
        parts = urlsplit(given)
        there, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("wss", "https") or not there or not _is_domain(there) or not _belongs(there, host):
        return ""
    return f"https://{there}" + (f":{port}" if port else "")


def _belongs(there: str, host: str) -> bool:
    beside = host.partition(".")[2]
    return there == host or there.endswith(f".{host}") or ("." in beside and there.endswith(f".{beside}"))


def _is_domain(name: str) -> bool:
    return len(name) <= 253 and all(part and part.replace("-", "").isalnum() for part in name.split("."))


def _at(found: Any, *names: str) -> Any:
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _number(value: Any) -> int:
    return min(value, MOST) if type(value) is int and value > 0 else 0
