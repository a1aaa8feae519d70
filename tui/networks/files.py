"""The local file network: posts come from JSONL, CSV and `twcs` files, replies go to `outbox-NETWORK.jsonl`.

A reader takes `Lines` and a `Tally` and yields a `Post` or a `BadLine`, never raising for what a file
holds, and never holding more than one line (JSONL) or row (CSV). The formats are those of DESIGN.md.
"""

import codecs
import csv
import errno
import fcntl
import json
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from tui import clock
from tui.errors import Misuse, OutOfReach
from tui.networks.marks import facets
from tui.networks.records import (
    KINDS,
    Author,
    BadLine,
    Kind,
    Outgoing,
    Post,
    Readings,
    Receipt,
    RefusedByNetwork,
    Tally,
    Unclear,
)
from tui.text import line as on_one_row
from tui.text import repair, repaired

MAX_LINE = 1 << 20
"""Bytes of one JSONL line, one CSV row or one line of the outbox, its newline included."""
MAX_TEXT = 100_000
"""Characters of a text, name, link or description."""
MAX_ID = 500
"""Characters of an id, handle, network or language: four bytes each still fit a PostgreSQL index entry."""
MAX_REASON = 40
"""Characters kept of the word for why a network takes no reply."""
MAX_COUNT = 2**63 - 1
EARLIEST = clock.parse("1990-01-01T00:00:00Z")
LATEST = clock.LATEST

LOCK_WAIT = 5.0
"""Seconds to wait for another process that is writing to the same outbox."""
SEARCH_BLOCK = 1 << 20
"""Bytes read at a time when an outbox is searched for a key."""

_TOO_LONG = "longer than 1 MB"


class _Unreadable(Exception):
    """Why a line or row cannot become a post; the message is the reason shown."""


class HasLines(Protocol):
    """A binary stream that is read line by line."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or so many bytes of it; nothing at the end."""
        ...


class Lines:
    """The lines of a buffered binary stream, none longer than `MAX_LINE` in memory.

    Iterating gives each line with its newline and without a UTF-8 byte order mark in front of the first;
    None stands for a line that was too long and was skipped. `number` (from 1) and `bytes_read` tell how
    far reading has come.
    """

    def __init__(self, stream: HasLines) -> None:
        self._stream = stream
        self.number = 0
        self.bytes_read = 0

    def __iter__(self) -> Iterator[bytes | None]:
        readline = self._stream.readline
        while line := readline(MAX_LINE + 1):
            self.number += 1
            self.bytes_read += len(line)
            if len(line) > MAX_LINE:
                self._skip_rest(line)
                yield None
            elif self.number == 1:
                yield line.removeprefix(codecs.BOM_UTF8)
            else:
                yield line

    def _skip_rest(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self._stream.readline(MAX_LINE)
            self.bytes_read += len(line)


Reader = Callable[[Lines, Tally], Readings]


def reader(format: str) -> Reader:
    """The reader of a format: `jsonl`, `csv` or `twcs`. Misuse for any other."""
    try:
        return _READERS[format]
    except KeyError:
        raise Misuse(f"{format!r:.40} is not a format; use jsonl, csv or twcs.") from None


def format_of(path: str | Path) -> str:
    """The format a file name stands for: `csv` for `.csv`, else `jsonl`. `twcs` has to be asked for."""
    return "csv" if Path(path).suffix.lower() == ".csv" else "jsonl"


# --- JSONL


def read_jsonl(lines: Lines, tally: Tally) -> Readings:
    """One post a line, as `Post JSON` in DESIGN.md. Blank lines are skipped."""
    reading: Post | BadLine
    for raw in lines:
        if raw is None:
            yield BadLine(lines.number, _TOO_LONG)
            continue
        line = raw.strip()
        if not line:
            continue
        try:
            reading = _read_line(line, tally)
        except _Unreadable as error:
            reading = BadLine(lines.number, str(error))
        except RecursionError:
            reading = BadLine(lines.number, "not JSON: nested too deeply")
        yield reading


# A NUL or a lone surrogate can stand in valid UTF-8 only as one of these escapes, or as a raw NUL.
_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def _read_line(line: bytes, tally: Tally) -> Post:
    text = _decoded(line)
    data = _parsed(text)
    if not (("\\u" in text and _SUSPECT_ESCAPE.search(text)) or "\0" in text):
        return _post(data)
    clean = repaired(data)
    post = _post(clean)
    tally.repaired += clean != data
    return post


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise _Unreadable(f"not UTF-8: byte {error.start + 1} of the line") from None


def _finite(number: str) -> float:
    value = float(number)
    if value - value != 0:
        raise _Unreadable(f"not JSON: {number:.40} is not a finite number")
    return value


# strict=False lets a raw control character stand inside a string: repaired or harmless, not worth a refusal.
_decode_json = json.JSONDecoder(strict=False, parse_float=_finite, parse_constant=_finite).raw_decode


def _parsed(text: str) -> Any:
    try:
        data, end = _decode_json(text)
    except json.JSONDecodeError as error:
        raise _Unreadable(f"not JSON: {error.msg}, column {error.colno}") from None
    except ValueError:
        raise _Unreadable("not JSON: a number has too many digits") from None
    if end != len(text):
        raise _Unreadable(f"not JSON: something follows the object, column {end + 1}")
    return data


# --- From fields to a post: every format goes through these checks


def _post(data: Any, outer: str | None = None) -> Post:
    """A post from the fields of `Post JSON`; `outer` is the network of the post that embeds this one."""
    if type(data) is not dict:
        raise _Unreadable("not a JSON object")
    get = data.get
    network = outer if outer and get("network") is None else _network(get("network"))
    post_id = _id(get("id"), "id")
    in_reply_to = _optional_id(get("in_reply_to"), "in_reply_to")
    root, root_id = _root(get("root"), network, post_id, outer)
    kind: Kind | None = get("kind")
    if kind is None:
        kind = "reply" if in_reply_to else "post"
    elif kind not in KINDS:
        raise _wrong("kind", kind, "one of " + ", ".join(KINDS))
    metrics = get("metrics")
    reposts, likes = (0, 0) if metrics is None else _metrics(metrics)
    media = get("media")
    seen_at = get("seen_at")
    denied = _reason(get("reply_denied"))
    return Post(
        network=network,
        id=post_id,
        author=_author(get("author")),
        text=_text(get("text")),
        created_at=_time(get("created_at"), "created_at"),
        account=_account(get("account")),
        kind=kind,
        in_reply_to=in_reply_to,
        root=root,
        root_id=root_id,
        url=_optional(get("url"), "url", MAX_TEXT),
        reposts=reposts,
        likes=likes,
        media=_media(media) if media else (),
        lang=_optional(get("lang"), "lang", MAX_ID),
        deleted=_flag(get("deleted"), "deleted", False),
        seen_at=None if seen_at is None else _time(seen_at, "seen_at"),
        reply_allowed=_flag(get("reply_allowed"), "reply_allowed", True) and denied is None,
        reply_denied=denied,
    )


def _root(root: Any, network: str, post_id: str, outer: str | None) -> tuple[Post | None, str | None]:
    if not isinstance(root, dict):
        root_id = _optional_id(root, "root")
        if root_id == post_id:
            raise _Unreadable("root is the post itself")
        return None, root_id
    if outer:
        raise _Unreadable("root holds another root; only its id may stand there")
    try:
        post = _post(root, network)
    except _Unreadable as error:
        raise _Unreadable(f"in root: {error}") from None
    if post.network != network:
        raise _wrong("root.network", post.network, f"{network!r:.40} like the post's own")
    if post.id == post_id:
        raise _Unreadable("root is the post itself")
    return post, post.id


def _author(data: Any) -> Author:
    if type(data) is not dict:
        raise _wrong("author", data, "an object with an id")
    get = data.get
    author_id = _id(get("id"), "author.id")
    handle = _optional(get("handle"), "author.handle", MAX_ID)
    return Author(
        id=author_id,
        handle=(handle and handle.lstrip("@")) or author_id,
        name=_optional(get("name"), "author.name", MAX_TEXT) or "",
        followers=_count(get("followers"), "author.followers"),
        verified=_flag(get("verified"), "author.verified", False),
    )


def _metrics(data: Any) -> tuple[int, int]:
    if type(data) is not dict:
        raise _wrong("metrics", data, "an object")
    return _count(data.get("reposts"), "metrics.reposts"), _count(data.get("likes"), "metrics.likes")


def _media(data: Any) -> tuple[dict[str, Any], ...]:
    if type(data) is not list or not all(type(item) is dict for item in data):
        raise _wrong("media", data, "a list of objects")
    return tuple(
        {
            name: value
            for name in ("type", "alt", "url")
            if (value := _optional(item.get(name), f"media.{name}", MAX_TEXT)) is not None
        }
        for item in data
    )


def _wrong(name: str, value: Any, expected: str) -> _Unreadable:
    if value is None or value == "":
        return _Unreadable(f"{name} is missing; it must be {expected}")
    return _Unreadable(f"{name} must be {expected}, not {value!r:.40}")


def _id(value: Any, name: str) -> str:
    """An id is a string to us; networks that write it as a number mean its digits."""
    if type(value) is int:
        value = str(value)
    if type(value) is not str or not value:
        raise _wrong(name, value, "a string or a whole number")
    if len(value) > MAX_ID:
        raise _Unreadable(f"{name} is longer than {MAX_ID} characters")
    return value


def _network(value: Any) -> str:
    network = _optional(value, "network", MAX_ID)
    if network is None:
        raise _wrong("network", value, "a name such as x")
    return network


def _optional_id(value: Any, name: str) -> str | None:
    return None if value is None or value == "" else _id(value, name)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise _wrong("text", value, "a string")
    if len(value) > MAX_TEXT:
        raise _Unreadable(f"text is longer than {MAX_TEXT:,} characters")
    return value


def _optional(value: Any, name: str, most: int) -> str | None:
    if value is None or value == "":
        return None
    if type(value) is not str:
        raise _wrong(name, value, "a string")
    if len(value) > most:
        raise _Unreadable(f"{name} is longer than {most:,} characters")
    return value


def _reason(value: Any) -> str | None:
    """A short word, cleaned; what is longer is cut, so that no post is lost for it."""
    reason = _optional(value, "reply_denied", MAX_TEXT)
    return on_one_row(reason)[:MAX_REASON].strip().lower() or None if reason else None


def _account(value: Any) -> str | None:
    account = _optional(value, "account", MAX_ID)
    bare = account and account.lstrip("@")
    return f"@{bare}" if bare else None


def _count(value: Any, name: str) -> int:
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise _wrong(name, value, "a whole number from 0 to 2^63 - 1")
    return value


def _flag(value: Any, name: str, default: bool) -> bool:
    if value is None:
        return default
    if type(value) is not bool:
        raise _wrong(name, value, "true or false")
    return value


def _time(value: Any, name: str) -> clock.Millis:
    if type(value) is not str or not value:
        raise _wrong(name, value, "a time such as 2026-02-11T09:14:00Z")
    try:
        at = clock.parse(value)
    except ValueError as error:
        raise _Unreadable(f"{name}: {error}") from None
    return _sane(at, name)


def _sane(at: clock.Millis, name: str) -> clock.Millis:
    if not EARLIEST <= at < LATEST:
        raise _Unreadable(f"{name} lies outside the years 1990 to 2099")
    return at


# --- CSV


class _Line(NamedTuple):
    number: int
    text: str
    fault: str


Row = list[str]


class _Rows:
    """CSV rows, each with the line it began on; a string in the row's place says why it cannot be read.

    A quote that is never closed would swallow everything up to the next one, or a whole megabyte. A row
    broken like that costs its first line only: the others are read again as rows of their own, each line
    at most once more, so that a hostile file costs twice the time and not its square.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._source = iter(lines)
        self._taken: list[_Line] = []
        self._again: deque[_Line] = deque()
        self._again_up_to = 0

    def __iter__(self) -> Iterator[tuple[int, Row | str]]:
        csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))
        rows = csv.reader(self._feed(), strict=True)
        while True:
            self._taken.clear()
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._taken[0].number, f"not CSV: {error}"
                self._put_back()
                rows = csv.reader(self._feed(), strict=True)
                continue
            fault = next((line.fault for line in self._taken if line.fault), "")
            if row or fault:
                yield self._taken[0].number, fault or row

    def _feed(self) -> Iterator[str]:
        size = 0
        while line := self._next():
            if not self._taken:
                size = 0
            self._taken.append(line)
            size += len(line.text)
            if size > MAX_LINE:
                raise csv.Error(f"{_TOO_LONG}; is a quote left open?")
            yield line.text

    def _next(self) -> _Line | None:
        if self._again:
            return self._again.popleft()
        try:
            line = next(self._source)
        except StopIteration:
            return None
        if line is None:
            return _Line(self._lines.number, "\n", _TOO_LONG)
        try:
            return _Line(self._lines.number, _decoded(line), "")
        except _Unreadable as error:
            return _Line(self._lines.number, line.decode(errors="replace"), str(error))

    def _put_back(self) -> None:
        rest = [line for line in self._taken[1:] if line.number > self._again_up_to]
        self._again.extendleft(reversed(rest))
        if rest:
            self._again_up_to = rest[-1].number


def _read_table(lines: Lines, tally: Tally, layout: Callable[[Row], Callable[[Row], Post]]) -> Readings:
    """`layout` takes the header row and gives the function that turns a row into a post."""
    rows = iter(_Rows(lines))
    number, header = next(rows, (1, "the file is empty; a header row is needed"))
    try:
        if isinstance(header, str):
            raise _Unreadable(header)
        to_post = layout([name.strip().lower().replace(".", "_") for name in header])
    except _Unreadable as error:
        yield BadLine(number, str(error))
        return
    for number, row in rows:
        try:
            reading: Post | BadLine = _read_row(row, len(header), to_post, tally)
        except _Unreadable as error:
            reading = BadLine(number, str(error))
        yield reading


def _read_row(row: Row | str, width: int, to_post: Callable[[Row], Post], tally: Tally) -> Post:
    if isinstance(row, str):
        raise _Unreadable(row)
    if len(row) != width:
        raise _Unreadable(f"{len(row)} columns where the header has {width}")
    if "\0" not in "".join(row):
        return to_post(row)
    post = to_post([repair(cell)[0] for cell in row])
    tally.repaired += 1
    return post


def _require(header: Row, names: Iterable[str]) -> None:
    missing = [name for name in names if name not in header]
    if missing:
        raise _Unreadable(f"the header row lacks {', '.join(missing)}")


_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _number_cell(cell: str) -> Any:
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) <= 19 else cell


def _flag_cell(cell: str) -> Any:
    return _FLAGS.get(cell.lower(), cell)


_POST, _AUTHOR, _METRICS = range(3)

# Column -> the object of Post JSON it belongs to, its name there, and how a cell becomes a value.
_COLUMNS: dict[str, tuple[int, str, Callable[[str], Any]]] = {
    "network": (_POST, "network", str),
    "id": (_POST, "id", str),
    "account": (_POST, "account", str),
    "author_id": (_AUTHOR, "id", str),
    "author_handle": (_AUTHOR, "handle", str),
    "author_name": (_AUTHOR, "name", str),
    "author_followers": (_AUTHOR, "followers", _number_cell),
    "author_verified": (_AUTHOR, "verified", _flag_cell),
    "text": (_POST, "text", str),
    "created_at": (_POST, "created_at", str),
    "seen_at": (_POST, "seen_at", str),
    "kind": (_POST, "kind", str),
    "in_reply_to": (_POST, "in_reply_to", str),
    "root": (_POST, "root", str),
    "root_id": (_POST, "root", str),
    "url": (_POST, "url", str),
    "lang": (_POST, "lang", str),
    "reposts": (_METRICS, "reposts", _number_cell),
    "metrics_reposts": (_METRICS, "reposts", _number_cell),
    "likes": (_METRICS, "likes", _number_cell),
    "metrics_likes": (_METRICS, "likes", _number_cell),
    "deleted": (_POST, "deleted", _flag_cell),
    "reply_allowed": (_POST, "reply_allowed", _flag_cell),
    "reply_denied": (_POST, "reply_denied", str),
}


def read_csv(lines: Lines, tally: Tally) -> Readings:
    """A header row with the names of `Post JSON` (`author_id` or `author.id`), then one post a row.

    An empty cell is an absent field, except in `text`. Columns with other names are ignored.
    """
    return _read_table(lines, tally, _csv_layout)


def _csv_layout(header: Row) -> Callable[[Row], Post]:
    if "tweet_id" in header and "inbound" in header:
        raise _Unreadable("this is the Customer-Support-on-Twitter layout; import it with --format twcs")
    _require(header, ("network", "id", "author_id", "text", "created_at"))
    columns = [_COLUMNS.get(name) for name in header]
    targets = [column[:2] for column in columns if column]
    if len(set(targets)) < len(targets):
        raise _Unreadable("two columns of the header row stand for the same field")

    def to_post(row: Row) -> Post:
        post: dict[str, Any] = {"text": ""}
        author: dict[str, Any] = {}
        metrics: dict[str, Any] = {}
        parts = (post, author, metrics)
        for column, cell in zip(columns, row, strict=True):
            if cell and column:
                part, name, value = column
                parts[part][name] = value(cell)
        post["author"] = author
        post["metrics"] = metrics
        return _post(post)

    return to_post


# --- Customer Support on Twitter

_TWCS_COLUMNS = ("tweet_id", "author_id", "inbound", "created_at", "text", "in_response_to_tweet_id")
_TWCS_TIME = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d) (\d{4})", re.ASCII
)
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}


def read_twcs(lines: Lines, tally: Tally) -> Readings:
    """The Customer-Support-on-Twitter CSV: an outbound author is an account of ours, all of it is history.

    Whom an inbound post reached is not in its row: `account` stays None there.
    """
    return _read_table(lines, tally, _twcs_layout)


def _twcs_layout(header: Row) -> Callable[[Row], Post]:
    _require(header, _TWCS_COLUMNS)
    cells = itemgetter(*(header.index(name) for name in _TWCS_COLUMNS))
    return lambda row: _twcs_post(*cells(row))


def _twcs_post(tweet_id: str, author: str, inbound: str, created: str, text: str, parent: str) -> Post:
    if inbound not in ("True", "False"):
        raise _wrong("inbound", inbound, "True or False")
    ours = inbound == "False"
    author_id = _id(author, "author_id")
    at = _twcs_time(created)
    in_reply_to = _optional_id(parent.removesuffix(".0"), "in_response_to_tweet_id")
    if "&" in text:
        # The three characters X escapes in what it delivers.
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return Post(
        network="x",
        id=_id(tweet_id.removesuffix(".0"), "tweet_id"),
        author=Author(id=author_id, handle=author_id),
        text=_text(text),
        created_at=at,
        account=f"@{author_id}" if ours else None,
        kind="reply" if in_reply_to else "post",
        in_reply_to=in_reply_to,
        seen_at=at,
        by_us=ours,
    )


def _twcs_time(text: str) -> clock.Millis:
    """`Tue Oct 31 22:10:47 +0000 2017`, at a fifth of what strptime costs."""
    match = _TWCS_TIME.fullmatch(text)
    if match is None:
        raise _wrong("created_at", text, "a time such as Tue Oct 31 22:10:47 +0000 2017")
    month, day, hour, minute, second, sign, hours, minutes, year = match.groups()
    try:
        zone = UTC
        if hours != "00" or minutes != "00":
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            zone = timezone(-offset if sign == "-" else offset)
        when = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except (KeyError, ValueError):
        raise _wrong("created_at", text, "a time that exists") from None
    return _sane(clock.of(when), "created_at")


_READERS: dict[str, Reader] = {"jsonl": read_jsonl, "csv": read_csv, "twcs": read_twcs}


# --- The outbox


class Files:
    """Publishes into `outbox-NETWORK.jsonl` in `folder`: one JSON object a line, ASCII only, `key` once.

    The file is created 0660, each line is a single locked append and is on the disk before `publish`
    returns. A key is searched from the end of the file in blocks; one that is new costs a pass over all
    of it, about 0.2 s for 100 MB. When the file is moved away, the keys in it are forgotten.
    """

    settles = 0
    """What is not in the file is not out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, network: str) -> Path:
        """The outbox of a network; what a file name should not hold is percent-encoded."""
        return self.folder / f"outbox-{quote(network, safe='', errors='replace')}.jsonl"

    def publish(self, reply: Outgoing) -> Receipt:
        """Append the reply, unless a line with its key is already there.

        Raises OutOfReach when nothing was written, Unclear when the line may or may not have reached the
        disk, RefusedByNetwork when it would be longer than `MAX_LINE`.
        """
        line = _outbox_line(reply)
        if len(line) > MAX_LINE:
            raise RefusedByNetwork(f"The reply is {_TOO_LONG}; shorten it.")
        path = self.path(reply.network)
        try:
            self.folder.mkdir(mode=0o770, parents=True, exist_ok=True)
            with _locked(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
                _prepare(file, path)
                if not _holds(file, reply.key):
                    _append(file, line, path)
                _flush(file, path)
        except OSError as error:
            raise OutOfReach(_unwritten(path, error)) from error
        return Receipt(f"file:{reply.key}")

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """The receipt of a reply whose whole line is in the outbox. OutOfReach when it cannot be read."""
        path = self.path(reply.network)
        try:
            with _locked(path, os.O_RDONLY) as file:
                found = _holds(file, reply.key)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutOfReach(f"{path} cannot be read ({error.strerror}); check the file.") from error
        return Receipt(f"file:{reply.key}") if found else None

    def close(self) -> None:
        """Nothing is held open."""


def _outbox_line(reply: Outgoing) -> bytes:
    """ASCII JSON: safe to show on a terminal, and one line to every reader, U+2028 in the text or not."""
    fields = {
        "network": reply.network,
        "account": reply.account,
        "in_reply_to": reply.in_reply_to,
        "text": reply.text,
        "key": reply.key,
        "private": reply.private,
    } | {name: value for name, value in _beside(reply).items() if value}
    return json.dumps(fields).encode() + b"\n"


def _beside(reply: Outgoing) -> dict[str, Any]:
    """What only some replies have; the key of a reply keeps its place in front of it."""
    return {
        "facets": facets(reply.text) if reply.network == "bluesky" else [],
        "media": [one.as_json() for one in reply.media],
        "warning": reply.warning,
        "visibility": reply.visibility,
    }


def _unwritten(path: Path, error: OSError) -> str:
    return f"The reply was not written to {path} ({error.strerror}); make room or check its permissions."


@contextmanager
def _locked(path: Path, flags: int) -> Iterator[int]:
    """The open file, alone among processes and threads, and still the one that `path` names."""
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        file = os.open(path, flags | os.O_CLOEXEC, 0o660)
        try:
            _lock(file, deadline)
            if _is_at(file, path):
                yield file
                return
        finally:
            os.close(file)


def _lock(file: int, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise OSError(errno.EAGAIN, "another process has kept it locked") from None
        time.sleep(0.005)


def _is_at(file: int, path: Path) -> bool:
    """False when the file was moved or removed while we waited for its lock."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _prepare(file: int, path: Path) -> None:
    """Give a new file its mode and a durable name; end a line that a crash has torn."""
    size = os.fstat(file).st_size
    if size == 0:
        with suppress(PermissionError):
            os.fchmod(file, 0o660)  # a shared desk must not depend on the umask of whoever came first
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    elif os.pread(file, 1, size - 1) != b"\n":
        os.write(file, b"\n")


def _append(file: int, line: bytes, path: Path) -> None:
    size = os.fstat(file).st_size
    written = os.write(file, line)
    if written < len(line):
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            os.ftruncate(file, size)
        except OSError as error:
            raise Unclear(f"Only a part of the reply was written to {path}.") from error
        raise full


def _flush(file: int, path: Path) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        raise Unclear(f"{path} may not have reached the disk ({error.strerror}).") from error


def _holds(file: int, key: str) -> bool:
    """Whether a whole line with this key stands in the file."""
    # Inside a JSON string the quotes would be escaped: no text can pass for a key.
    needle = f'"key": {json.dumps(key)}'.encode()
    end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - SEARCH_BLOCK)
        block = os.pread(file, end - start + len(needle) - 1, start)
        at = block.rfind(needle)
        while at >= 0:
            if _key_at(file, start + at) == key:
                return True
            at = block.rfind(needle, 0, at + len(needle) - 1)
        end = start
    return False


def _key_at(file: int, position: int) -> Any:
    """The key of the line around this byte; None when it is torn."""
    start = max(0, position - MAX_LINE)
    before = os.pread(file, position - start, start)
    after = os.pread(file, MAX_LINE, position)
    line = before[before.rfind(b"\n") + 1 :] + after[: after.find(b"\n") + 1]
    try:
        return json.loads(line)["key"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
