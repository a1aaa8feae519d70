"""The local file network: what its readers make of good and hostile files, and what its outbox keeps."""

import csv
import errno
import fcntl
import io
import json
import os
import sys
import threading
import tracemalloc
from pathlib import Path
from subprocess import Popen, run
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui import clock
from tui.errors import Misuse, OutOfReach
from tui.networks import files
from tui.networks.files import Files, Lines, format_of, reader
from tui.networks.records import Attachment, Author, BadLine, Outgoing, Post, Receipt, RefusedByNetwork, Tally, Unclear

WHEN = "2026-02-11T09:14:00Z"
AT = clock.parse(WHEN)


def fields(**changes: Any) -> dict[str, Any]:
    """The least a post needs, with changes; `...` takes a field out."""
    whole = {"network": "x", "id": "1", "author": {"id": "9"}, "text": "Hello", "created_at": WHEN, **changes}
    return {name: value for name, value in whole.items() if value is not ...}


def read(data: bytes | str, format: str = "jsonl", tally: Tally | None = None) -> list[Post | BadLine]:
    raw = data.encode() if isinstance(data, str) else data
    return list(reader(format)(Lines(io.BytesIO(raw)), tally or Tally()))


def one(**changes: Any) -> Post:
    (post,) = read(json.dumps(fields(**changes)))
    assert isinstance(post, Post), post
    return post


def refusal(**changes: Any) -> str:
    (bad,) = read(json.dumps(fields(**changes)))
    assert isinstance(bad, BadLine), bad
    return bad.reason


def ids(readings: list[Post | BadLine]) -> list[str | int]:
    """Ids of the posts, line numbers of the bad lines."""
    return [item.id if isinstance(item, Post) else item.line for item in readings]


# --- Post JSON


def test_every_field_of_post_json_arrives() -> None:
    post = one(
        account="northline",
        author={"id": 9, "handle": "@amandac", "name": "A C", "followers": 48000, "verified": True},
        kind="quote",
        in_reply_to=77,
        root=fields(id="2", network=..., text="Old"),
        url="https://x.example/1",
        metrics={"reposts": 3, "likes": 4, "views": 9},
        media=[{"type": "image", "alt": "a train", "url": "https://x.example/i", "width": 3}],
        lang="en",
        deleted=True,
        seen_at="2026-02-11T11:14:00.5+01:00",
        reply_allowed=False,
        never_heard_of={"a": [1]},
    )
    assert post == Post(
        network="x",
        id="1",
        author=Author("9", "amandac", "A C", 48000, True),
        text="Hello",
        created_at=AT,
        account="@northline",
        kind="quote",
        in_reply_to="77",
        root=Post(network="x", id="2", author=Author("9", "9"), text="Old", created_at=AT),
        root_id="2",
        url="https://x.example/1",
        reposts=3,
        likes=4,
        media=({"type": "image", "alt": "a train", "url": "https://x.example/i"},),
        lang="en",
        deleted=True,
        seen_at=AT + clock.HOUR + 500,
        reply_allowed=False,
    )


def test_the_least_a_post_needs() -> None:
    nulls = dict.fromkeys(
        ["account", "kind", "in_reply_to", "root", "url", "metrics", "media", "lang", "deleted", "seen_at"]
    )
    plain = Post(network="x", id="1", author=Author("9", "9"), text="Hello", created_at=AT)
    assert one() == plain
    assert one(**nulls) == plain


def test_the_kind_follows_from_what_is_answered() -> None:
    assert one().kind == "post"
    assert one(in_reply_to="5").kind == "reply"
    assert one(in_reply_to="5", kind="dm").kind == "dm"


def test_numbers_as_ids_become_strings() -> None:
    post = one(id=2**70, root=5)
    assert (post.id, post.root_id, post.root) == (str(2**70), "5", None)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"network": ...}, ["network", "missing"]),
        ({"network": 5}, ["network", "a string"]),
        ({"id": ...}, ["id", "missing"]),
        ({"id": ""}, ["id", "missing"]),
        ({"id": True}, ["id", "string or a whole number", "True"]),
        ({"id": 1.5}, ["id", "string or a whole number"]),
        ({"id": "1" * 501}, ["id", "500"]),
        ({"author": ...}, ["author", "missing"]),
        ({"author": "amandac"}, ["author", "object"]),
        ({"author": {"handle": "a"}}, ["author.id", "missing"]),
        ({"author": {"id": "1", "followers": -1}}, ["author.followers", "whole number"]),
        ({"author": {"id": "1", "followers": 2**63}}, ["author.followers", "2^63"]),
        ({"author": {"id": "1", "verified": "yes"}}, ["author.verified", "true or false"]),
        ({"text": ...}, ["text", "missing"]),
        ({"text": ["a"]}, ["text", "a string"]),
        ({"text": "x" * 100_001}, ["text", "100,000"]),
        ({"created_at": ...}, ["created_at", "missing"]),
        ({"created_at": 1700000000}, ["created_at", "2026-02-11T09:14:00Z"]),
        ({"created_at": "yesterday"}, ["created_at", "yesterday"]),
        ({"created_at": "2026-02-11T09:14:00"}, ["created_at", "no time zone"]),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, ["created_at", "1990"]),
        ({"created_at": "9999-12-31T23:59:59-14:00"}, ["created_at", "2099"]),
        ({"seen_at": "2026-02-11"}, ["seen_at", "no time zone"]),
        ({"kind": "toot"}, ["kind", "post, reply, repost, quote, dm", "toot"]),
        ({"kind": []}, ["kind"]),
        ({"in_reply_to": {}}, ["in_reply_to"]),
        ({"account": 5}, ["account", "a string"]),
        ({"metrics": [1]}, ["metrics", "an object"]),
        ({"metrics": {"likes": "3"}}, ["metrics.likes", "whole number"]),
        ({"media": {"type": "image"}}, ["media", "list"]),
        ({"media": ["a"]}, ["media", "list of objects"]),
        ({"media": [{"url": 5}]}, ["media.url", "a string"]),
        ({"deleted": 1}, ["deleted", "true or false"]),
        ({"reply_allowed": "no"}, ["reply_allowed", "true or false"]),
        ({"reply_denied": 1}, ["reply_denied", "a string"]),
        ({"root": 1.5}, ["root", "string or a whole number"]),
        ({"root": "1"}, ["root", "itself"]),
        ({"root": fields()}, ["root", "itself"]),
        ({"root": fields(id="2", text=...)}, ["in root", "text", "missing"]),
        ({"root": fields(id="2", network="mastodon")}, ["root.network", "mastodon"]),
        ({"root": fields(id="2", root=fields(id="3"))}, ["root", "only its id"]),
    ],
)
def test_a_wrong_field_is_named_with_what_it_must_be(changes: dict[str, Any], names: list[str]) -> None:
    reason = refusal(**changes)
    assert all(name in reason for name in names), reason
    assert len(reason) < 200
    assert reason.isprintable()


def test_a_root_may_name_its_own_root_by_id() -> None:
    root = one(root=fields(id="2", root="3")).root
    assert root is not None
    assert root.root_id == "3"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("summons", "summons"),
        (" Blocked ", "blocked"),
        ("\u202e\x1blocked\nfor good", "␛locked for good"),
        ("x" * 500, "x" * 40),
        (" ", None),
        ("", None),
        (None, None),
    ],
)
def test_why_no_reply_is_taken_is_a_short_clean_word(given: str | None, kept: str | None) -> None:
    post = one(reply_denied=given)
    assert (post.reply_denied, post.reply_allowed) == (kept, kept is None)


def test_a_denied_reply_is_not_allowed_whatever_else_is_said() -> None:
    assert not one(reply_allowed=True, reply_denied="locked").reply_allowed


# --- JSONL


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"network":', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"5", "not a JSON object"),
        (b"{} {}", "follows the object, column 3"),
        (b'{"id": NaN}', "not a finite number"),
        (b'{"id": -Infinity}', "not a finite number"),
        (b'{"extra": 1e999}', "not a finite number"),
        (b'{"id": ' + b"9" * 5_000 + b"}", "too many digits"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"root":' * 100_000, "nested too deeply"),
        (json.dumps(fields(text="caf\xe9"), ensure_ascii=False).encode("latin-1"), "not UTF-8"),
        (b'{"text":"\xed\xa0\x80"}', "not UTF-8"),
        (json.dumps(fields(text="x" * 2_000_000)).encode(), "longer than 1 MB"),
        (b" " * 1_048_577, "longer than 1 MB"),
    ],
)
def test_a_bad_line_costs_itself_only(line: bytes, why: str) -> None:
    good = json.dumps(fields()).encode()
    first, bad, last = read(good + b"\n" + line + b"\n" + good)
    assert isinstance(first, Post)
    assert first == last
    assert isinstance(bad, BadLine)
    assert bad.line == 2
    assert why in bad.reason


def test_blank_lines_are_skipped_and_counted_in_the_numbers() -> None:
    good = json.dumps(fields())
    assert ids(read(f"\ufeff{good}\r\n\n  \t\r\n{{\n{good}")) == ["1", 4, "1"]
    assert read("\ufeff\n") == []


@pytest.mark.parametrize("ending", [b"\n", b""])
def test_a_line_may_be_as_long_as_the_cap(ending: bytes) -> None:
    line = json.dumps(fields(extra="x" * (files.MAX_LINE - 200))).encode()
    line += b" " * (files.MAX_LINE - len(line) - len(ending)) + ending
    assert ids(read(line)) == ["1"]


def test_a_line_without_end_is_never_held() -> None:
    class Endless(io.RawIOBase):
        """50 MB without a newline, counting what is asked for at once."""

        left = 50_000_000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            size = min(len(buffer), self.left)
            self.left -= size
            buffer[:size] = b"x" * size
            return size

    tracemalloc.start()
    lines = Lines(io.BufferedReader(Endless()))
    assert [type(item) for item in files.read_jsonl(lines, Tally())] == [BadLine]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * files.MAX_LINE
    assert lines.bytes_read == 50_000_000


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_reading_holds_one_line_at_a_time(format: str) -> None:
    header = "network,id,author_id,text,created_at\n" if format == "csv" else ""
    line = f"x,1,9,Hello,{WHEN}\n" if format == "csv" else json.dumps(fields()) + "\n"
    data = (header + line * 1_000).encode()
    stream = io.BytesIO(data)
    readings = reader(format)(Lines(stream), Tally())
    next(readings)
    assert stream.tell() < 400


def test_progress_is_known_in_bytes() -> None:
    data = b"{}\n" * 3 + b"x" * 3_000_000 + b"\n{}"
    lines = Lines(io.BytesIO(data))
    seen = [lines.bytes_read for _ in files.read_jsonl(lines, Tally())]
    assert seen == [3, 6, 9, 3_000_010, len(data)]


def test_nuls_and_lone_surrogates_are_repaired_and_counted_once_a_post() -> None:
    line = (
        r'{"network":"x","id":"a\u0000b","author":{"id":"9","name":"\uDC00A"},"text":"\ud800 \u0000 \ud83d\ude00",'
        r'"media":[{"alt":"\ud83d"}],"created_at":"2026-02-11T09:14:00Z","root":{"id":"2","author":{"id":"3"},'
        r'"text":"r\u0000","created_at":"2026-02-11T09:14:00Z"}}'
    )
    tally = Tally()
    repaired, raw, plain, _ = read(
        "\n".join([line, json.dumps(fields()).replace("Hello", "a\0b"), json.dumps(fields(text="😀\\u0000")), "{"]),
        tally=tally,
    )
    assert isinstance(repaired, Post)
    assert (repaired.id, repaired.author.name, repaired.text) == ("a\ufffdb", "\ufffdA", "\ufffd \ufffd 😀")
    assert repaired.media == ({"alt": "\ufffd"},)
    assert repaired.root
    assert repaired.root.text == "r\ufffd"
    assert isinstance(raw, Post)
    assert raw.text == "a\ufffdb"
    assert isinstance(plain, Post)
    assert plain.text == "😀\\u0000"  # a backslash, not an escape
    assert tally.repaired == 2


json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
near_posts = st.builds(
    lambda changes: json.dumps({**fields(), **changes}).encode(),
    st.dictionaries(
        st.sampled_from(["id", "text", "author", "root", "metrics", "media", "created_at", "kind", "account", "lang"]),
        json_values | st.just(fields(id="2")) | st.datetimes().map(lambda when: f"{when.isoformat()}+13:00"),
    ),
)
hostile_lines = st.lists(near_posts | st.binary(max_size=30) | st.sampled_from([b"", b" ", b"\xef\xbb\xbf"]))


@settings(deadline=None)
@given(hostile_lines.map(b"\n".join))
@example(b"\xef\xbb\xbf\n\x0b\x0c\r\n\x1c")
def test_every_line_that_is_not_blank_is_a_post_or_a_bad_line(data: bytes) -> None:
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    readings = read(data)
    assert len(readings) == sum(1 for line in lines if line.strip())
    for reading in readings:
        if isinstance(reading, Post):
            storable(reading)
        else:
            assert 0 < reading.line <= len(lines)
            assert reading.reason.isprintable()


def storable(post: Post) -> None:
    for text in (post.id, post.text, post.author.id, post.author.handle, post.account or "", post.lang or ""):
        text.encode()
        assert "\0" not in text
    assert files.EARLIEST <= post.created_at < files.LATEST
    assert post.author.handle
    assert (post.root is None) or post.root_id == post.root.id


# --- CSV

HEADER = "network,id,account,author_id,author_handle,text,created_at,kind,in_reply_to,root_id"


def row(id: str = "1", text: str = "Hello", **changes: str) -> str:
    cells = {"network": "x", "id": id, "account": "@northline", "author_id": "9", "author_handle": "amandac"}
    cells |= {"text": text, "created_at": WHEN, "kind": "", "in_reply_to": "", "root_id": ""} | changes
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells.values())
    return out.getvalue()


def table(*rows: str, header: str = HEADER) -> list[Post | BadLine]:
    return read(header + "\n" + "".join(rows), "csv")


def test_a_csv_row_is_the_post_its_columns_name() -> None:
    header = (
        "\ufeffNetwork,id,author.id,author_followers,author.verified,text,created_at,kind,root_id,metrics.likes,"
        "reposts,deleted,reply_denied,seen_at,internal note\n"
    )
    data = header + f'x,1,9,48000,TRUE,"two\r\nlines, ""quoted""",{WHEN},quote,7,4,3,0,locked,{WHEN},whatever\r\n'
    assert read(data, "csv") == [
        Post(
            network="x",
            id="1",
            author=Author("9", "9", "", 48000, True),
            text='two\r\nlines, "quoted"',
            created_at=AT,
            kind="quote",
            root_id="7",
            reposts=3,
            likes=4,
            reply_allowed=False,
            reply_denied="locked",
            seen_at=AT,
        )
    ]


def test_an_empty_cell_is_an_absent_field_but_an_empty_text() -> None:
    (post,) = table(row(text="", account=""))
    assert isinstance(post, Post)
    assert (post.text, post.account, post.kind, post.root_id) == ("", None, "post", None)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (row(created_at="2026-02-11T09:14:00"), "no time zone"),
        (row(id=""), "id is missing"),
        (row(kind="toot"), "kind must be one of"),
        ("x,1\n", "2 columns where the header has 10"),
        (row().rstrip("\n") + ",more\n", "11 columns"),
        ('x,1,"a"b,9,,t,' + WHEN + ",,,\n", "not CSV"),
        (row(text="x" * 200_000), "longer than 100,000"),
        (row(text="x" * 2_000_000), "longer than 1 MB"),
        (row(text="line\n" * 40_000), "longer than 100,000"),
    ],
)
def test_a_bad_row_costs_itself_only(bad: str, why: str) -> None:
    first, reading, last = table(row(id="a"), bad, row(id="b"))
    assert isinstance(first, Post)
    assert isinstance(last, Post)
    assert (first.id, last.id) == ("a", "b")
    assert isinstance(reading, BadLine)
    assert reading.line == 3
    assert why in reading.reason


def test_a_bad_row_is_numbered_by_the_line_it_begins_on() -> None:
    assert ids(table(row(text="a\nb\nc"), row(kind="?", text="d\ne"), "\n", row(kind="?"))) == ["1", 5, 8]


def test_bad_utf8_refuses_the_row_it_is_in() -> None:
    data = (HEADER + "\n" + row(id="a") + row(id="b", text="one\nSECOND") + row(id="c")).encode()
    readings = read(data.replace(b"SECOND", b"caf\xe9"), "csv")
    assert ids(readings) == ["a", 3, "c"]
    assert "not UTF-8" in str(readings[1])


@pytest.mark.parametrize("rows_after", [3, 30_000])
def test_a_quote_left_open_costs_its_own_line_only(rows_after: int) -> None:
    broken = row(id="2", text="OPEN").replace("OPEN", '"open')
    good = [row(id=str(number)) for number in range(rows_after)]
    assert ids(table(row(id="a"), broken, *good, broken, row(id="z"))) == [
        "a",
        3,
        *map(str, range(rows_after)),
        4 + rows_after,
        "z",
    ]


def test_rows_that_never_close_are_read_twice_at_most() -> None:
    # A line like this leaves a quote open whether read on its own or inside an open quote.
    lines = Lines(io.BytesIO((HEADER + "\n" + 'z","y\n' * 60_000).encode()))
    fed = 0
    rows = files._Rows(lines)
    next_line = rows._next

    def counting() -> Any:
        nonlocal fed
        fed += 1
        return next_line()

    rows._next = counting  # type: ignore[method-assign]
    assert len(list(rows)) > 1
    assert fed <= 2 * 60_001 + 100


def test_a_row_of_many_fields_is_never_held_beyond_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_LINE", 4_000)
    first, *_, last = table('"\n', *['","\n'] * 2_000, row())
    assert isinstance(first, BadLine)
    assert (first.line, "longer than 1 MB" in first.reason) == (2, True)
    assert isinstance(last, Post)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "empty"),
        ("network,id,text,created_at\nx,1,a,b\n", "lacks author_id"),
        ("network;id;author_id;text;created_at\n", "lacks network"),
        (HEADER + ",author.id\n" + row(), "same field"),
        ("network,\udcff\n", "not UTF-8"),
        (
            ",tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n0,1\n",
            "--format twcs",
        ),
    ],
)
def test_an_unusable_header_is_one_bad_line(data: str, why: str) -> None:
    (bad,) = read(data.encode("utf-8", "surrogateescape"), "csv")
    assert isinstance(bad, BadLine)
    assert bad.line == 1
    assert why in bad.reason


def test_a_nul_in_a_row_is_repaired_and_counted() -> None:
    tally = Tally()
    (post,) = read(HEADER + "\n" + row(text="a\0b", author_handle="c\0"), "csv", tally)
    assert isinstance(post, Post)
    assert (post.text, post.author.handle, tally.repaired) == ("a\ufffdb", "c\ufffd", 1)


hostile_tables = st.lists(
    st.sampled_from([row(), row(text='a"b\nc'), 'x,"', '"', ",", "\n", "\r", "\0", ",,,,,,,,,\n"]).map(str.encode)
    | st.binary(max_size=10)
).map(b"".join)


@settings(deadline=None)
@given(hostile_tables, st.sampled_from(["csv", "twcs"]), st.booleans())
@example(b'"', "csv", False)
def test_no_table_breaks_its_reader(data: bytes, format: str, headed: bool) -> None:
    header = {"csv": HEADER, "twcs": TWCS}[format] + "\n"
    for reading in read(header.encode() + data if headed else data, format):
        if isinstance(reading, Post):
            storable(reading)
        else:
            assert reading.reason.isprintable()


# --- twcs

TWCS = ",tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id"
THEN = "Tue Oct 31 22:10:47 +0000 2017"
THEN_AT = clock.parse("2017-10-31T22:10:47Z")


def test_twcs_rows_are_history_and_outbound_authors_are_ours() -> None:
    data = (
        f'{TWCS}\n0,1,sprintcare,False,{THEN},"@115712 Q&amp;A &lt;3 &amp;lt;",2,3.0\n'
        f"1,2,115712,True,{THEN},@sprintcare hi,,\n"
    )
    assert read(data, "twcs") == [
        Post(
            network="x",
            id="1",
            author=Author("sprintcare", "sprintcare"),
            text="@115712 Q&A <3 &lt;",
            created_at=THEN_AT,
            account="@sprintcare",
            kind="reply",
            in_reply_to="3",
            seen_at=THEN_AT,
            by_us=True,
        ),
        Post(
            network="x",
            id="2",
            author=Author("115712", "115712"),
            text="@sprintcare hi",
            created_at=THEN_AT,
            seen_at=THEN_AT,
        ),
    ]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f"0,1,a,maybe,{THEN},t,,", "inbound must be True or False"),
        (f"0,,a,True,{THEN},t,,", "tweet_id is missing"),
        (f"0,1,,True,{THEN},t,,", "author_id is missing"),
        ("0,1,a,True,2017-10-31T22:10:47Z,t,,", "created_at must be a time such as"),
        ("0,1,a,True,Tue Oct 32 22:10:47 +0000 2017,t,,", "a time that exists"),
        ("0,1,a,True,Tue Okt 31 22:10:47 +0000 2017,t,,", "a time that exists"),
        ("0,1,a,True,Tue Oct 31 22:10:47 +9900 2017,t,,", "a time that exists"),
        ("0,1,a,True,Tue Oct 31 22:10:47 +0000 0017,t,,", "outside the years"),
        ("0,1,a,True", "4 columns where the header has 8"),
    ],
)
def test_a_bad_twcs_row_says_why(row: str, why: str) -> None:
    (bad,) = read(f"{TWCS}\n{row}\n", "twcs")
    assert isinstance(bad, BadLine)
    assert why in bad.reason


def test_twcs_times_keep_their_zone() -> None:
    east, west = read(
        f"{TWCS}\n0,1,a,True,Tue Oct 31 22:10:47 +0530 2017,t,,\n0,2,a,True,Tue Oct 31 22:10:47 -0800 2017,t,,\n",
        "twcs",
    )
    assert isinstance(east, Post)
    assert isinstance(west, Post)
    assert east.created_at == clock.parse("2017-10-31T22:10:47+05:30")
    assert west.created_at == clock.parse("2017-10-31T22:10:47-08:00")


def test_whole_threads_are_read(tmp_path: Path) -> None:
    path = Path(__file__).parents[3] / "shared/data/care-threads.csv"
    if not path.exists():  # real threads stand only beside some checkouts
        path = tmp_path / "threads.csv"
        rows = (f"{n},{n},{'care' if n % 2 else n},{n % 2 == 0},{THEN},R&amp;B,,{n - n % 2}.0" for n in range(2, 500))
        path.write_text("\n".join([TWCS, *rows]))
    readings = read(path.read_bytes(), "twcs")
    posts = [reading for reading in readings if isinstance(reading, Post)]
    with path.open(newline="", encoding="utf-8") as stream:
        written = list(csv.DictReader(stream))
    assert [post.id for post in posts] == [row["tweet_id"] for row in written]
    assert len(readings) == len(posts)
    assert not any("&amp;" in post.text for post in posts)
    assert all(post.by_us == (post.account is not None) for post in posts)


# --- Formats


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.jsonl", "jsonl"),
        ("a.ndjson", "jsonl"),
        ("a.JSON", "jsonl"),
        ("a.CSV", "csv"),
        ("a", "jsonl"),
        ("-", "jsonl"),
    ],
)
def test_the_suffix_names_the_format(name: str, format: str) -> None:
    assert format_of(name) == format_of(Path("folder") / name) == format


def test_an_unknown_format_is_misuse() -> None:
    with pytest.raises(Misuse, match="'xml' is not a format; use jsonl, csv or twcs"):
        reader("xml")


# --- The outbox


def reply(key: str = "k1", text: str = "Hello", **changes: Any) -> Outgoing:
    return Outgoing(**({"network": "x", "account": "@us", "in_reply_to": "5", "text": text, "key": key} | changes))


def outbox(folder: Path, network: str = "x") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"outbox-{network}.jsonl").read_bytes().splitlines()]


def test_a_reply_becomes_one_line(tmp_path: Path) -> None:
    receipt = Files(tmp_path / "new" / "folder").publish(reply(text="Ça va\n\u2028\x9b31m😀", private=True))
    assert receipt == Receipt("file:k1")
    assert outbox(tmp_path / "new" / "folder") == [
        {
            "network": "x",
            "account": "@us",
            "in_reply_to": "5",
            "text": "Ça va\n\u2028\x9b31m😀",
            "key": "k1",
            "private": True,
        }
    ]
    raw = (tmp_path / "new" / "folder" / "outbox-x.jsonl").read_bytes()
    assert raw.isascii()
    assert raw.endswith(b"}\n")


def test_what_goes_with_a_reply_stands_in_its_line_and_nowhere_else(tmp_path: Path) -> None:
    plain = b'{"network": "x", "account": "@us", "in_reply_to": "5", "text": "Hello", "key": "k1", "private": false}\n'
    network = Files(tmp_path)
    network.publish(reply())
    assert (tmp_path / "outbox-x.jsonl").read_bytes() == plain
    network.publish(reply(network="bluesky"))
    assert (tmp_path / "outbox-bluesky.jsonl").read_bytes() == plain.replace(b'"x"', b'"bluesky"')
    network.publish(
        reply("k2", network="mastodon", media=(Attachment("/a.png", "a map"),), warning="heat", visibility="unlisted")
    )
    (line,) = outbox(tmp_path, "mastodon")
    beside = {"media": [{"path": "/a.png", "alt": "a map"}], "warning": "heat", "visibility": "unlisted"}
    assert {name: line[name] for name in beside} == beside
    assert "facets" not in line
    assert network.look_up(reply("k2", network="mastodon")) == Receipt("file:k2")


def test_a_reply_on_bluesky_has_its_facets_in_bytes(tmp_path: Path) -> None:
    Files(tmp_path).publish(reply(text="Grüße @amanda.bsky.social", network="bluesky"))
    (line,) = outbox(tmp_path, "bluesky")
    assert line["facets"] == [{"kind": "mention", "start": 8, "end": 27, "value": "amanda.bsky.social"}]
    assert line["text"].encode()[8:27].decode() == "@amanda.bsky.social"


def test_the_file_is_shared_by_the_group_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        Files(tmp_path).publish(reply())
    finally:
        os.umask(old)
    assert (tmp_path / "outbox-x.jsonl").stat().st_mode & 0o777 == 0o660


def test_the_same_key_is_written_once(tmp_path: Path) -> None:
    network = Files(tmp_path)
    keys = ["k1", "k", "k1", 'k"1', "k\\1", "k1", "ключ", "ключ"]
    assert [network.publish(reply(key)) for key in keys] == [Receipt(f"file:{key}") for key in keys]
    assert [line["key"] for line in outbox(tmp_path)] == ["k1", "k", 'k"1', "k\\1", "ключ"]


def test_a_text_cannot_pass_for_a_key(tmp_path: Path) -> None:
    network = Files(tmp_path)
    network.publish(reply("k1", text='", "key": "k2", "x": "'))
    network.publish(reply("k3", text='"key": "k2"', account='"key": "k2"'))
    assert network.look_up(reply("k2")) is None
    network.publish(reply("k2"))
    assert [line["key"] for line in outbox(tmp_path)] == ["k1", "k3", "k2"]


def test_a_key_is_found_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Files(tmp_path)
    for number in range(40):
        network.publish(reply(f"key-{number}", text="x" * number))
    for block in (1, 7, 100, 1 << 20):
        monkeypatch.setattr(files, "SEARCH_BLOCK", block)
        for number in range(40):
            assert network.look_up(reply(f"key-{number}")) == Receipt(f"file:key-{number}")
        assert network.look_up(reply("key-")) is None
        assert network.look_up(reply("key-40")) is None


def test_a_key_is_found_before_lines_of_other_hands(tmp_path: Path) -> None:
    network = Files(tmp_path)
    network.publish(reply("k1"))
    with (tmp_path / "outbox-x.jsonl").open("a") as outside:
        outside.write('# {"key": "k1"} "key": "k1"\n["key": "k1"]\n\n')
    assert network.look_up(reply("k1")) == Receipt("file:k1")
    assert network.look_up(reply("k2")) is None


@pytest.mark.parametrize("cut", [1, 2, 20, 60])
def test_a_torn_last_line_is_left_behind(tmp_path: Path, cut: int) -> None:
    network = Files(tmp_path)
    network.publish(reply("k1"))
    network.publish(reply("k2"))
    path = tmp_path / "outbox-x.jsonl"
    os.truncate(path, path.stat().st_size - cut)
    whole = cut == 1  # only the newline is gone, so k2 is out
    network.publish(reply("k2"))
    network.publish(reply("k3"))
    lines = path.read_bytes().split(b"\n")
    assert json.loads(lines[0])["key"] == "k1"
    assert [json.loads(line)["key"] for line in lines[1 if whole else 2 : -1]] == ["k2", "k3"]
    assert lines[-1] == b""


def test_networks_have_files_of_their_own_inside_the_folder(tmp_path: Path) -> None:
    network = Files(tmp_path)
    for name in ("mastodon", "../../etc", "a/b", "a%2Fb", "ü"):
        network.publish(reply(network=name))
    names = {path.name for path in tmp_path.iterdir()}
    assert len(names) == 5
    assert "outbox-mastodon.jsonl" in names
    assert "outbox-..%2F..%2Fetc.jsonl" in names


def test_look_up_knows_only_what_was_published(tmp_path: Path) -> None:
    network = Files(tmp_path / "missing")
    assert network.look_up(reply()) is None
    network.publish(reply())
    assert network.look_up(reply()) == Receipt("file:k1")
    assert network.look_up(reply(network="mastodon")) is None


def test_a_folder_that_cannot_be_written_is_out_of_reach(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(OutOfReach, match=r"not written to .*file/outbox-x\.jsonl"):
        Files(blocked).publish(reply())
    (tmp_path / "outbox-x.jsonl").mkdir()
    with pytest.raises(OutOfReach, match=r"outbox-x\.jsonl"):
        Files(tmp_path).publish(reply())
    with pytest.raises(OutOfReach, match="cannot be read"):
        Files(blocked).look_up(reply())


def test_a_reply_longer_than_a_line_may_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedByNetwork, match="1 MB"):
        Files(tmp_path).publish(reply(text="x" * files.MAX_LINE))
    assert list(tmp_path.iterdir()) == []


def io_error(*_: Any) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Files(tmp_path)
    network.publish(reply("k1"))
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:10]))
    with pytest.raises(OutOfReach, match="No space left"):
        network.publish(reply("k2"))
    monkeypatch.undo()
    assert [line["key"] for line in outbox(tmp_path)] == ["k1"]
    network.publish(reply("k2"))
    assert [line["key"] for line in outbox(tmp_path)] == ["k1", "k2"]


def test_what_may_be_on_the_disk_is_unclear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Files(tmp_path)
    network.publish(reply("k1"))
    monkeypatch.setattr(os, "fsync", io_error)
    with pytest.raises(Unclear, match=r"outbox-x\.jsonl"):
        network.publish(reply("k2"))
    monkeypatch.undo()
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:10]))
    monkeypatch.setattr(os, "ftruncate", io_error)
    with pytest.raises(Unclear, match="part of the reply"):
        network.publish(reply("k3"))
    monkeypatch.undo()
    network.publish(reply("k3"))
    assert network.look_up(reply("k3")) == Receipt("file:k3")


def test_an_outbox_that_stays_locked_is_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Files(tmp_path).publish(reply("k1"))
    monkeypatch.setattr(files, "LOCK_WAIT", 0.0)
    with (tmp_path / "outbox-x.jsonl").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OutOfReach, match="kept it locked"):
            Files(tmp_path).publish(reply("k2"))
    Files(tmp_path).publish(reply("k2"))
    assert [line["key"] for line in outbox(tmp_path)] == ["k1", "k2"]


def test_a_file_moved_away_while_waiting_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Files(tmp_path)
    network.publish(reply("k1"))
    lock = files._lock
    moves = iter([lambda: (tmp_path / "outbox-x.jsonl").rename(tmp_path / "fetched.jsonl")])

    def lock_after_move(file: int, deadline: float) -> None:
        next(moves, lambda: None)()
        lock(file, deadline)

    monkeypatch.setattr(files, "_lock", lock_after_move)
    network.publish(reply("k2"))
    assert [line["key"] for line in outbox(tmp_path)] == ["k2"]


def test_threads_and_processes_write_each_key_once_and_whole(tmp_path: Path) -> None:
    program = """if True:
        import sys
        from pathlib import Path
        from tui.networks.files import Files
        from tui.networks.records import Outgoing
        for number in range(30):
            Files(Path(sys.argv[1])).publish(Outgoing("x", None, "5", "x" * 9000, f"key-{number}"))
    """
    started = [Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda: [Files(tmp_path).publish(reply(f"key-{n}", "x" * 9000)) for n in range(30)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in started] == [0, 0, 0]
    assert sorted(line["key"] for line in outbox(tmp_path)) == sorted(f"key-{n}" for n in range(30))


def test_reading_loads_no_heavy_library() -> None:
    program = """if True:
        import sys, tui.networks.files, tui.networks.limits
        print([name for name in ("httpx", "sqlmodel", "textual", "regex", "twitter_text") if name in sys.modules])
    """
    done = run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
