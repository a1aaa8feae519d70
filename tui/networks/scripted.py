"""The network of the demo: Northline, a rail company that does not exist, played from a script.

`northline/posts.jsonl` holds the Post JSON of DESIGN.md, one object a line, with these differences:

- `at` stands for `created_at`: seconds from the start of the demo, below zero for what is there already.
- `seen`: seconds from the start when this line reaches us; absent means at once. A second line with the
  same network and id is a new version of the post, edited or deleted, and needs it.
- `history`: true for what was seen at its own time, long before this shift.
- `root` may be the id of a post further up; it is embedded as a network would do.
- `answer`: what the customer says to our first reply to this post; empty is silence. Absent means a
  phrase of this module, chosen by the key of the reply.
- `account` and `url` are left out: the handle of the network, and an address that leads nowhere.
"""

import json
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from importlib.resources import files
from threading import Lock
from typing import Any, NamedTuple

from tui.clock import SECOND, Millis, iso, now
from tui.networks.records import Author, Outgoing, Post, Receipt, RefusedByNetwork

ACCOUNTS = {"x": "@northline", "mastodon": "@northline@rail.example", "bluesky": "@northline.example"}
"""Northline's handle on each network."""

COLLECTED_AFTER: Millis = 5 * SECOND
"""How long after its creation a post of the backlog reached us."""
ECHO_AFTER: Millis = 1 * SECOND
"""How long after a publish our reply is on our own timeline."""
ANSWER_EARLIEST: Millis = 8 * SECOND
ANSWER_LATEST: Millis = 20 * SECOND

Line = Mapping[str, Any]
"""One line of the script, see above."""

_Key = tuple[str, str]
"""Network and id of a post."""


class _Due(NamedTuple):
    at: Millis
    post: Post


class _Phrases(NamedTuple):
    thanks: tuple[str, ...]
    question: tuple[str, ...]
    irritated: tuple[str, ...]


_PHRASES = {
    "en": _Phrases(
        ("ok, that helps. thank you", "Thanks, good to know.", "that was quick. cheers", "Thank you, I'll try that."),
        ("thanks. and does that hold for tomorrow too?", "ok and who do I ask if that doesn't work?"),
        (
            "you have sent this exact sentence before. is there a person there?",
            "I can read your other replies, you know. Same words. Did you read mine?",
        ),
    ),
    "de": _Phrases(
        ("Danke, das hilft mir weiter.", "Alles klar, vielen Dank für die schnelle Antwort!"),
        ("Danke. Gilt das morgen auch noch?",),
        ("Denselben Satz haben Sie schon einmal verschickt. Liest das hier ein Mensch?",),
    ),
    "fr": _Phrases(
        ("Merci, c'est clair.", "Parfait, merci pour la réponse rapide."),
        ("Merci. Et c'est encore valable demain ?",),
        ("Vous avez déjà envoyé exactement la même phrase. Il y a quelqu'un ?",),
    ),
    "es": _Phrases(
        ("Gracias, me ha servido.", "Perfecto, muchas gracias."),
        ("Gracias. ¿Y mañana también vale?",),
        ("Esa misma frase ya la han enviado antes. ¿Hay una persona ahí?",),
    ),
    "ja": _Phrases(
        ("ありがとうございます。助かりました。", "早速のお返事、ありがとうございます。"),
        ("ありがとうございます。明日も同じでしょうか。",),
        ("先ほどとまったく同じ文面ですが、きちんと読んでいただけていますか。",),
    ),
    "ar": _Phrases(
        ("شكراً، هذا واضح.", "شكراً على الرد السريع."),
        ("شكراً. وهل ينطبق هذا غداً أيضاً؟",),
        ("لقد أرسلتم الجملة نفسها من قبل. هل يقرأ أحد رسالتي؟",),
    ),
    "fa": _Phrases(
        ("ممنون، متوجه شدم.", "از پاسخ سریعتان ممنونم."),
        ("ممنون. فردا هم همین‌طور است؟",),
        ("همین جمله را قبلاً هم فرستاده‌اید. کسی پیام من را می‌خواند؟",),
    ),
    "hi": _Phrases(
        ("धन्यवाद, बात समझ में आ गई।", "जल्दी जवाब देने के लिए धन्यवाद।"),
        ("धन्यवाद। क्या कल भी यही रहेगा?",),
        ("यही वाक्य आप पहले भी भेज चुके हैं। क्या कोई इसे पढ़ रहा है?",),
    ),
}


class Scripted:
    """All three networks of the demo in one; nothing leaves the machine.

    `started` is the moment the script counts from; `clock` says what time it is. The same script, clock
    and keys give the same posts. Safe to use from several threads.
    """

    settles = 0

    def __init__(
        self, started: Millis, script: Iterable[Line] | None = None, clock: Callable[[], Millis] = now
    ) -> None:
        self._started = started
        self._clock = clock
        self._latest = started
        self._lock = Lock()
        self._feed: list[_Due] = []
        self._posts: dict[_Key, Post] = {}
        self._deleted_at: dict[_Key, Millis] = {}
        self._answers: dict[_Key, str] = {}
        self._receipts: dict[str, Receipt] = {}
        self._wordings: set[str] = set()
        for line in _posts() if script is None else script:
            self._play(line)
        self._feed.sort(key=_at)

    def backlog(self) -> list[Post]:
        """What had reached us when the demo started, in the order it came. `seen_at` is always set."""
        with self._lock:
            return [post for at, post in self._feed if at <= self._started]

    def read(self, since: str | None) -> tuple[list[Post], str | None]:
        """What has come in after the cursor `since`, in the order it came; None begins after the backlog."""
        after = self._started if since is None else int(since)
        with self._lock:
            first = bisect_right(self._feed, after, key=_at)
            due = self._feed[first : bisect_right(self._feed, self._now(), key=_at)]
        return [post for _, post in due], str(due[-1].at) if due else since

    def publish(self, reply: Outgoing) -> Receipt:
        """Take one reply; our timeline shows it soon, and its customer may answer. A known key changes nothing.

        Raises RefusedByNetwork for a post that was deleted and for a public reply to a private message.
        """
        with self._lock:
            if reply.key in self._receipts:
                return self._receipts[reply.key]
            at = self._now()
            target = self._posts.get((reply.network, reply.in_reply_to))
            self._refuse(reply, target, at)
            own = _own_post(reply, target, at)
            self._add(at + ECHO_AFTER, own)
            if target and (answer := self._answer(reply, target, own)):
                self._add(answer.created_at, answer)
            receipt = self._receipts[reply.key] = Receipt(own.id, own.url)
            return receipt

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """The receipt of a reply published here, by its key."""
        with self._lock:
            return self._receipts.get(reply.key)

    def close(self) -> None:
        """Nothing is held open."""

    def _now(self) -> Millis:
        """The clock, never backwards: a post added now must come after every cursor given out."""
        self._latest = max(self._latest, self._clock())
        return self._latest

    def _play(self, line: Line) -> None:
        at = self._started + line.get("seen", line["at"]) * SECOND
        seen_at = None
        if at <= self._started:
            seen_at = at if "seen" in line or line.get("history") else min(at + COLLECTED_AFTER, self._started)
        post = self._post(line, seen_at)
        self._feed.append(_Due(at, post))
        if post.deleted:
            self._deleted_at[post.network, post.id] = at

    def _post(self, line: Line, seen_at: Millis | None) -> Post:
        network, author, metrics = line["network"], Author(**line["author"]), line.get("metrics", {})
        root = self._root(network, line.get("root"), seen_at)
        kind = line.get("kind", "post")
        post = Post(
            network=network,
            id=line["id"],
            author=author,
            text=line["text"],
            created_at=self._started + line["at"] * SECOND,
            account=ACCOUNTS[network],
            kind=kind,
            in_reply_to=line.get("in_reply_to"),
            root=root,
            root_id=root.id if root else None,
            url=None if kind == "dm" else _url(network, author.handle, line["id"]),
            reposts=metrics.get("reposts", 0),
            likes=metrics.get("likes", 0),
            media=tuple(line.get("media", ())),
            lang=line.get("lang"),
            deleted=line.get("deleted", False),
            seen_at=seen_at,
        )
        self._posts.setdefault((network, post.id), post)
        if "answer" in line:
            self._answers[network, post.id] = line["answer"]
        return post

    def _root(self, network: str, root: str | Line | None, seen_at: Millis | None) -> Post | None:
        if isinstance(root, str):
            return self._posts[network, root]
        return self._post({"network": network, **root}, seen_at) if root else None

    def _add(self, at: Millis, post: Post) -> None:
        insort(self._feed, _Due(at, post), key=_at)
        self._posts[post.network, post.id] = post

    def _refuse(self, reply: Outgoing, target: Post | None, at: Millis) -> None:
        if self._deleted_at.get((reply.network, reply.in_reply_to), at + 1) <= at:
            raise RefusedByNetwork("The post was deleted by its author; there is nothing left to reply to.")
        if target and target.kind == "dm" and not reply.private:
            raise RefusedByNetwork("The message is private and takes no public reply.")

    def _answer(self, reply: Outgoing, target: Post, own: Post) -> Post | None:
        """The customer's next post, or None where they say nothing. Only who wrote a post answers for it."""
        if target.kind == "repost" or target.author.handle == own.author.handle:
            return None
        number = _number(reply.key)
        text = self._answer_text(reply, target, number)
        if not text:
            return None
        id = f"answer-{_short(reply.key)}"
        return Post(
            network=own.network,
            id=id,
            author=target.author,
            text=text,
            created_at=own.created_at + ANSWER_EARLIEST + number % (ANSWER_LATEST - ANSWER_EARLIEST + 1),
            account=own.account,
            kind=own.kind,
            in_reply_to=own.id,
            url=None if own.kind == "dm" else _url(own.network, target.author.handle, id),
            lang=target.lang,
        )

    def _answer_text(self, reply: Outgoing, target: Post, number: int) -> str:
        wording = _wording(reply.text, target.author)
        worn = wording in self._wordings
        self._wordings.add(wording)
        phrases = _PHRASES.get(target.lang or "en", _PHRASES["en"])
        if worn:
            return _pick(phrases.irritated, number)
        written = self._answers.pop((target.network, target.id), None)
        if written is not None:
            return written
        mood = number % 8
        if mood < 2:
            return ""
        return _pick(phrases.question if mood < 4 else phrases.thanks, number)


def canned() -> list[dict[str, Any]]:
    """Northline's canned responses, in the form `canned import` takes."""
    responses: list[dict[str, Any]] = json.loads(_text("canned.json"))
    return responses


def library(started: Millis) -> list[dict[str, Any]]:
    """A few more that show what a response can be, in the same form; `started` is when the demo begins.

    In the file `until` stands for `valid_until`: seconds from the start.
    """
    responses: list[dict[str, Any]] = json.loads(_text("library.json"))
    for response in responses:
        if "until" in response:
            response["valid_until"] = iso(started + response.pop("until") * SECOND)
    return responses


INCIDENT = "Line 4 closed", "The points at Lindle Cross failed: buses every 15 minutes, first train about 18:30."
"""What is wrong when the demo begins: its name and the first word about it."""


def _posts() -> list[dict[str, Any]]:
    # Not splitlines: a post may hold a line separator of its own.
    return [json.loads(line) for line in _text("posts.jsonl").split("\n") if line]


def _text(name: str) -> str:
    return files("tui.networks").joinpath("northline", name).read_text(encoding="utf-8")


def _own_post(reply: Outgoing, target: Post | None, at: Millis) -> Post:
    account = reply.account or ACCOUNTS[reply.network]
    handle = account.removeprefix("@")
    id = f"demo-{_short(reply.key)}"
    return Post(
        network=reply.network,
        id=id,
        author=Author(id=handle, handle=handle, name="Northline"),
        text=reply.text,
        created_at=at,
        account=account,
        kind="dm" if reply.private else "reply",
        in_reply_to=reply.in_reply_to,
        url=None if reply.private else _url(reply.network, handle, id),
        lang=target.lang if target else None,
    )


def _wording(text: str, customer: Author) -> str:
    """A text without what a template fills in, so that one sentence sent to many is seen as one."""
    for filled in (f"@{customer.handle}", customer.handle, customer.name):
        text = text.replace(filled, " ") if filled else text
    return " ".join(text.split()).casefold()


def _url(network: str, handle: str, id: str) -> str:
    return f"https://{network}.example/{handle}/{id}"


def _short(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:10]


def _number(key: str) -> int:
    return int.from_bytes(sha256(key.encode()).digest()[-8:])


def _pick(phrases: tuple[str, ...], number: int) -> str:
    return phrases[number // 8 % len(phrases)]


def _at(due: _Due) -> Millis:
    return due.at
