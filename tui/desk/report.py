"""Response figures instead of follower counts: how fast, how many, what still waits."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tui import clock
from tui.clock import SECOND, Millis
from tui.config import Config
from tui.desk.guard import phrases, record
from tui.store.reader import Reader, ResponseRow, WaitingRow
from tui.text import fit, line

STANDARD = Config()
COLUMNS = 78
"""Of a printed page (terminal cells)."""
EVERYTHING = 2**62

_HEADS = ("posts", "opened", "answ.", "median", "p90", "sent", "waits", "oldest", "late")
_CELLS = tuple(max(len(head), 5) + 1 for head in _HEADS)
_ACCOUNT_CELLS = COLUMNS - sum(_CELLS) - 2


@dataclass(slots=True)
class _Tally:
    """The figures of one account, or of all."""

    posts: int = 0
    opened: int = 0
    waits: list[Millis] = field(default_factory=list)
    """From the customer's first word to our first post after it (ms)."""
    sent: int = 0
    waiting: int = 0
    late: int = 0
    oldest: Millis | None = None
    resolved_unanswered: int = 0

    def heard(self, row: ResponseRow, since: Millis) -> None:
        self.posts += row.words
        if row.opened_at >= since:
            self.opened += 1
            if row.answered_at is not None:
                self.waits.append(row.answered_at - row.opened_at)

    def add(self, other: "_Tally") -> None:
        self.posts += other.posts
        self.opened += other.opened
        self.waits += other.waits
        self.sent += other.sent
        self.waiting += other.waiting
        self.late += other.late
        self.oldest = min((at for at in (self.oldest, other.oldest) if at is not None), default=None)
        self.resolved_unanswered += other.resolved_unanswered

    def as_json(self, now: Millis) -> dict[str, Any]:
        waits = sorted(self.waits)
        return {
            "posts": self.posts,
            "opened": self.opened,
            "answered": len(waits),
            "answered_share": round(len(waits) / self.opened, 4) if self.opened else None,
            "first_response": {
                "median": span(round(median(waits)) if waits else None),
                "p90": span(nearest_rank(waits, 0.9) if waits else None),
            },
            "sent": self.sent,
            "waiting": self.waiting,
            "oldest_waiting": None
            if self.oldest is None
            else {"since": clock.iso(self.oldest), "age": clock.age(now - self.oldest)},
            "late": self.late,
            "resolved_unanswered": self.resolved_unanswered,
        }


def figures(reader: Reader, *, since: Millis, now: Millis, config: Config = STANDARD) -> dict[str, Any]:
    """Response figures from `since` to `now`, as plain JSON.

    `total` and each of `accounts` (with `network`, `account`; both null where no handle of ours was named) hold

    - `posts`: what customers said (no reposts, nothing deleted); `opened`: conversations that began with one of them
    - `answered` of those opened, as `answered_share` (0-1); what came a minute ago counts as unanswered
    - `first_response`: the customer's first word to our first post after it, `median` and `p90` (nearest rank), each
      `seconds` and `text`; by the time of writing, whoever wrote ours
    - `sent`: replies that left this desk
    - `waiting`, `oldest_waiting` (`since`, `age`) and `late` (past the target, of those waiting): as of `now`
    - `resolved_unanswered`: closed by an agent since, and still closed, without an answer to the last word

    `agents`: `agent`, `sent`. `guard`: as `guard_figures` has it.
    """
    tallies: dict[int | None, _Tally] = defaultdict(_Tally)
    for heard in reader.responses(since):
        tallies[heard.account_id].heard(heard, since)
    agents: dict[str, int] = defaultdict(int)
    for account_id, agent, sent in reader.sent_by_agent(since):
        tallies[account_id].sent += sent
        agents[agent] += sent
    for account_id, count in reader.resolved_unanswered(since):
        tallies[account_id].resolved_unanswered = count
    for account_id, row in waiting(reader, config=config, now=now, limit=EVERYTHING).items():
        found = tallies[account_id]
        found.waiting, found.late, found.oldest = row.waiting, row.late, row.oldest
    total = _Tally()
    for tally in tallies.values():
        total.add(tally)
    return {
        "since": clock.iso(since),
        "until": clock.iso(now),
        "total": total.as_json(now),
        "accounts": _accounts(reader, tallies, now),
        "agents": [{"agent": a, "sent": n} for a, n in sorted(agents.items(), key=lambda pair: (-pair[1], pair[0]))],
        "guard": _guard(reader, since, config),
    }


def guard_figures(reader: Reader, *, since: Millis, now: Millis, config: Config = STANDARD) -> dict[str, Any]:
    """What became of the guard's findings from `since` to `now`, as plain JSON.

    `guard`: by `check`, `stops` and `overrides` (events), and in episodes `shown`, `heeded`, `overridden` and
    `proven_right`, as `tui.desk.guard.record` defines them. `set_otherwise`: by `account` the `checks` whose verdict
    the configuration changed.
    """
    return {
        "since": clock.iso(since),
        "until": clock.iso(now),
        "guard": _guard(reader, since, config),
        "set_otherwise": [
            {"account": name, "checks": settings.checks}
            for name, settings in config.accounts.items()
            if settings.checks
        ],
    }


def waiting(reader: Reader, *, config: Config, now: Millis, limit: int) -> dict[int | None, WaitingRow]:
    """What waits now by account, of the first `limit` in serving order; each account has its own target."""
    settings = {account_id: config.account(network, handle) for account_id, network, handle in reader.accounts()}
    found: dict[int | None, WaitingRow] = {}
    for target in {config.default_account.target, *(s.target for s in settings.values())}:
        for row in reader.waiting_by_account(now, now - target, limit):
            if settings.get(row.account_id or 0, config.default_account).target == target:
                found[row.account_id] = row
    return found


def span(of: Millis | None) -> dict[str, Any]:
    """A span as a number and as people say it: `seconds` (rounded down) and `text`."""
    return {"seconds": None if of is None else of // SECOND, "text": "-" if of is None else clock.age(of)}


def nearest_rank(ordered: Sequence[Millis], share: float) -> Millis:
    """The smallest value that at least this share of them does not exceed (nearest-rank percentile)."""
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def _accounts(reader: Reader, tallies: dict[int | None, _Tally], now: Millis) -> list[dict[str, Any]]:
    names = {account_id: (network, handle) for account_id, network, handle in reader.accounts()}
    rows = []
    for account_id, tally in tallies.items():
        network, handle = names.get(account_id or 0, (None, None))
        rows.append({"network": network, "account": handle, **tally.as_json(now)})
    return sorted(rows, key=lambda row: (-row["posts"], row["network"] or "", row["account"] or ""))


def _guard(reader: Reader, since: Millis, config: Config) -> list[dict[str, Any]]:
    events = reader.guard_events(since)
    found = record.episodes(events)
    replies = [one.reply for one in found if one.reply is not None]
    proven = record.proven_right(events, reader.aftermath(replies), phrases.known(config), config)
    said = Counter((event.kind, event.data["check"]) for event in events if event.kind.startswith("guard."))
    return [
        {
            "check": one.check,
            "stops": said["guard.stopped", one.check],
            "overrides": said["guard.overridden", one.check],
            **one._asdict(),
        }
        for one in record.figures(found, proven)
    ]


# -- on paper -------------------------------------------------------------------------------------


def text(found: dict[str, Any]) -> str:
    """The figures as a table of plain text, at most COLUMNS cells wide; names stand last in their rows."""
    rows = [f"Response figures, {stretch(found)}", "", _cells(_HEADS, "account"), _figures(found["total"], "all")]
    rows += [_figures(row, _account(row)) for row in found["accounts"]]
    rows += _section("Replies sent", [(f"{row['sent']:>6}", row["agent"]) for row in found["agents"]])
    rows += _section("The guard: shown, heeded, overridden, proven right", _of_checks(found["guard"]))
    rows += [
        "",
        f"Resolved without an answer: {found['total']['resolved_unanswered']}.",
        "Median and p90 run from a customer's first word to our first post after it;",
        "late is what waits past its target.",
    ]
    return "\n".join(rows) + "\n"


def stretch(found: dict[str, Any]) -> str:
    """From when to when figures are, in words."""
    since, until = (clock.local(clock.parse(found[end]), "%a %d %b %Y %H:%M") for end in ("since", "until"))
    return f"{since} to {until}"


def guard_text(found: dict[str, Any]) -> str:
    """What became of the guard's findings, as a table at most COLUMNS cells wide, with what the words mean."""
    rows = [f"The guard, {stretch(found)}", "", f"{_GUARD_HEADS}  check"]
    rows += [f"{cells}  {fit(line(name), COLUMNS - len(cells) - 2)}" for cells, name in _of_checks(found["guard"])]
    if not found["guard"]:
        rows.append("It stopped nothing and warned of nothing.")
    changed = [
        (f"{to:>7}", f"{check}, {row['account']}")
        for row in found["set_otherwise"]
        for check, to in sorted(row["checks"].items())
    ]
    rows += _section("Set otherwise by the configuration", changed)
    return "\n".join([*rows, *_GUARD_WORDS]) + "\n"


_GUARD_HEADS = f"{'shown':>7} {'heeded':>7} {'passed':>7} {'right':>7}"
_GUARD_WORDS = (
    "",
    "Shown: reviews of a conversation by an agent, until a reply is held, in which",
    "the check stopped or warned. Passed: that reply was held against it; heeded:",
    "all others. Right: of the passed, the network refused the reply, our post was",
    "deleted, or the customer's next word was a complaint.",
)


def _of_checks(rows: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    names = ("shown", "heeded", "overridden", "proven_right")
    return [(" ".join(f"{_short(row[name]):>7}" for name in names), row["check"]) for row in rows]


def _account(row: dict[str, Any]) -> str:
    return f"{row['network']}:{row['account']}" if row["account"] else "(no account)"


def _figures(row: dict[str, Any], name: str) -> str:
    share, oldest = row["answered_share"], row["oldest_waiting"]
    return _cells(
        (
            _short(row["posts"]),
            _short(row["opened"]),
            "-" if share is None else f"{math.floor(share * 100)}%",
            row["first_response"]["median"]["text"],
            row["first_response"]["p90"]["text"],
            _short(row["sent"]),
            _short(row["waiting"]),
            "-" if oldest is None else oldest["age"],
            _short(row["late"]),
        ),
        name,
    )


def _cells(cells: Iterable[str], name: str) -> str:
    figures = "".join(f"{cell:>{width}}" for cell, width in zip(cells, _CELLS, strict=True))
    return f"{figures}  {fit(line(name), _ACCOUNT_CELLS)}"


def _section(title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    if not rows:
        return []
    return ["", title, *(f"{cells}  {fit(line(name), COLUMNS - len(cells) - 2)}" for cells, name in rows)]


def _short(number: int) -> str:
    """At most five cells: 12345, 123k, 12M."""
    if number < 100_000:
        return str(number)
    return f"{number // 1_000}k" if number < 1_000_000 else f"{number // 1_000_000}M"
