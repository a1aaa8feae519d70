"""What `account test` finds on X: what can be read and written, what is left of the calls, what it may cost."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tui import clock
from tui.clock import DAY, Millis
from tui.errors import OutOfReach
from tui.networks.accounts import Account
from tui.networks.records import Finding, Post, Rate
from tui.networks.x import costs, reading
from tui.networks.x.calls import Calls, listing, searching
from tui.networks.x.fields import Generation
from tui.networks.x.reading import Us

SAMPLE = 10
"""Posts that are read for the test, the fewest a search gives; each is paid."""
_WRITING = {"tweet.write": "replies", "dm.write": "direct messages", "media.write": "pictures"}


def findings(calls: Calls, us: Us, queries: Sequence[str], account: Account, now: Millis) -> tuple[Finding, ...]:
    """One line for each thing that was tried."""
    volumes: dict[str, float] = {}
    return (
        _login(calls, us),
        *_reading(calls, us, queries, volumes, now),
        *_writing(calls),
        _usage(calls),
        _cost(volumes, account),
    )


def _login(calls: Calls, us: Us) -> Finding:
    try:
        body, _ = calls.get("/2/users/me", {})
    except OutOfReach as error:
        return Finding("login", False, str(error))
    data = body.get("data")
    native_id = data.get("id") if isinstance(data, dict) else None
    if native_id != us.id:
        return Finding("login", False, f"The tokens belong to another account than {us.handle}; log it in again.")
    return Finding("login", True, f"X knows us as {us.handle}.")


def _reading(calls: Calls, us: Us, queries: Sequence[str], volumes: dict[str, float], now: Millis) -> Iterator[Finding]:
    """Reads a few of each and notes how many a day there are."""
    timelines: list[tuple[str, str, dict[str, Any]]] = [
        ("mentions", f"/2/users/{us.id}/mentions", {"max_results": SAMPLE}),
        ("own", f"/2/users/{us.id}/tweets", {"max_results": SAMPLE}),
        *(("search", searching(query)[0], {**searching(query)[1], "max_results": SAMPLE}) for query in queries),
    ]
    for name, path, asked in timelines:
        yield _read(
            calls, name, path, asked, Generation.posts, lambda body: reading.posts(body, us).posts, volumes, now
        )
    scope = calls.tokens.get("scope")
    if scope and "dm.read" not in scope.split():
        yield Finding("read messages", False, "The login does not let us read direct messages (dm.read); log in again.")
        return
    asked = {"max_results": SAMPLE, "event_types": "MessageCreate"}
    yield _read(
        calls, "messages", "/2/dm_events", asked, Generation.messages,
        lambda body: reading.messages(body, us, {}).posts, volumes, now,
    )  # fmt: skip


def _read(
    calls: Calls,
    name: str,
    path: str,
    asked: dict[str, Any],
    fields: Callable[[Generation], dict[str, str]],
    posts: Callable[[dict[str, Any]], tuple[Post, ...]],
    volumes: dict[str, float],
    now: Millis,
) -> Finding:
    try:
        body, rate = calls.get(path, asked, fields)
        listing(body)
    except OutOfReach as error:
        return Finding(f"read {name}", False, str(error))
    a_day = costs.volume(posts(body), now)
    volumes[name] = volumes.get(name, 0.0) + a_day
    return Finding(f"read {name}", True, f"They can be read, about {a_day:.0f} a day; {_left(rate)}.")


def _left(rate: Rate | None) -> str:
    if rate is None:
        return "X does not say how many calls are left"
    return f"{rate.left:,} of {rate.limit:,} calls are left until {clock.local(rate.resets_at)}"


def _writing(calls: Calls) -> Iterator[Finding]:
    scope = calls.tokens.get("scope").split()
    for name, what in _WRITING.items():
        if not scope:
            yield Finding(f"write {what}", True, "The login does not say what it may do; the first one will show.")
        elif name in scope:
            yield Finding(f"write {what}", True, f"The login allows it ({name}); nothing was sent to try it.")
        else:
            yield Finding(f"write {what}", False, f"The login does not allow it ({name}); log in again.")


def _usage(calls: Calls) -> Finding:
    """Posts read this month, which X tells to the token of the app alone."""
    bearer = calls.tokens.get("bearer")
    if not bearer:
        return Finding(
            "usage", True, "X tells what is used up only to the app's own token; keep it as `bearer` to see it."
        )
    asked = {"usage.fields": "cap_reset_day,project_cap,project_usage"}
    try:
        body, _ = calls.get("/2/usage/tweets", asked, token=bearer)
    except OutOfReach as error:
        return Finding("usage", False, str(error))
    data = body.get("data")
    held = data if isinstance(data, dict) else {}
    used, cap, day = (_whole(held.get(name)) for name in ("project_usage", "project_cap", "cap_reset_day"))
    of = f" of {cap:,}" if cap else ""
    anew = f"; counted anew on day {day} of the month" if day else ""
    return Finding("usage", not cap or used < cap, f"{used:,}{of} posts were read this month{anew}.")


def _whole(value: Any) -> int:
    """A whole number, which X writes with and without quotes."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return value if type(value) is int and 0 <= value < 10**18 else 0


def _cost(volumes: dict[str, float], account: Account) -> Finding:
    prices = {**costs.PRICES, **account.prices}
    least, most = costs.per_day(volumes, prices)
    polls = DAY // max(account.wanted.every, 1)
    words = f"About ${least:,.2f} to ${most:,.2f} a day at what came lately, with {polls:,} polls a day"
    basis = "our own prices" if account.prices else f"the prices of {costs.DATED}"
    return Finding("cost", True, f"{words}. An estimate by {basis}; empty polls cost nothing, the bill is X's.")
