"""Private messages: `chat.bsky.convo`, which an account's own server asks for in its name.

A message has no key of ours: whether one is out is found by its text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.clock import SECOND, Millis
from tui.errors import OutOfReach
from tui.networks.bluesky import publishing, reading
from tui.networks.bluesky.reading import Unreadable
from tui.networks.bluesky.session import PUBLIC_ONLY, Refusal, Session
from tui.networks.records import Author, BadLine, Outgoing, Page, Post, Receipt, RefusedByNetwork, Unclear

PAGES = 5
PER_PAGE = 100
SETTLES: Millis = 10 * SECOND
"""So long an account's server waits for that of the messages by default, whether we still do or not."""
SKEW: Millis = 5 * SECOND
"""How far the server's clock may be behind ours."""
MOST_PROFILES = 5_000
PER_LOOK = 25
"""Profiles that getProfiles gives at once."""
_CREATED = "chat.bsky.convo.defs#logCreateMessage"
_DELETED = "chat.bsky.convo.defs#logDeleteMessage"


@dataclass(slots=True)
class Messages:
    """The messages of one account."""

    _session: Session
    _did: str
    _account: str
    _refused: bool = False
    _people: dict[str, Author] = field(default_factory=dict)

    @property
    def allowed(self) -> bool:
        """Whether we may read and write them, as far as is known."""
        return not self._refused and self._session.scope != PUBLIC_ONLY

    def test(self) -> str:
        """Whether they can be read, in words. Raises OutOfReach."""
        if self._session.scope == PUBLIC_ONLY:
            raise OutOfReach("left out: the app password does not allow them; make one that does, and log in again")
        try:
            self._ask("listConvos", {"limit": 1})
        except Refusal as refusal:
            raise OutOfReach(f"left out: {refusal}") from None
        return "can be read and answered"

    # -- reading ----------------------------------------------------------------------------------

    def read(self, cursor: str | None) -> Page:
        """What came after a cursor; at first, the newest message of each conversation. Raises OutOfReach."""
        logs: list[Any] = []
        at, more = cursor, False
        try:
            for _ in range(PAGES):
                answer = self._ask("getLog", {"cursor": at})
                found, further = reading.items(answer.get("logs")), answer.get("cursor")
                logs += found
                before, at = at, further if isinstance(further, str) and further else at
                more = bool(found) and at != before
                if not more:
                    break
        except Refusal:
            self._refused = True
            raise
        if cursor is None:
            logs = [*self._newest(), *logs]
        posts, bad = self._posts(logs)
        return Page(posts, at, more=more, bad=bad, rate=self._session.rate)

    def conversation(self, post_id: str) -> tuple[Post, ...]:
        """The messages around one. Raises OutOfReach."""
        convo = post_id.partition("/")[0]
        answer = self._ask("getMessages", {"convoId": convo, "limit": PER_PAGE})
        views = reversed(reading.items(answer.get("messages")))
        return self._posts([{"$type": _CREATED, "convoId": convo, "message": view} for view in views])[0]

    def _newest(self) -> list[Any]:
        convos = reading.items(self._ask("listConvos", {"limit": PER_PAGE}).get("convos"))
        return [
            {"$type": _CREATED, "convoId": convo.get("id"), "message": convo.get("lastMessage")}
            for convo in convos
            if isinstance(convo, dict) and convo.get("lastMessage")
        ]

    def _posts(self, logs: list[Any]) -> tuple[tuple[Post, ...], tuple[BadLine, ...]]:
        """Of a log: what was written and what was deleted."""
        found: dict[str, Post] = {}
        bad: list[BadLine] = []
        told = [
            (place, entry)
            for place, entry in enumerate(logs, 1)
            if isinstance(entry, dict) and entry.get("$type") in (_CREATED, _DELETED)
        ]
        self._meet([entry for _, entry in told])
        last: dict[str, str] = {}
        for place, entry in told:
            try:
                post = self._post(entry, last)
            except Unreadable as error:
                bad.append(BadLine(place, str(error)))
                continue
            found[post.id] = post
            if post.author.id != self._did:
                last[post.id.partition("/")[0]] = post.id
        return tuple(sorted(found.values(), key=lambda post: post.created_at)), tuple(bad)

    def _post(self, entry: Mapping[str, Any], last: dict[str, str]) -> Post:
        convo = reading.word(entry.get("convoId"), "convoId")
        view = entry.get("message")
        did = reading.sender(view)
        answers = None
        if did == self._did:
            answers = last.get(convo) or last.setdefault(convo, self._last_of_customer(convo))
        return reading.message(view, convo, self._people.get(did, Author(did, did)), self._account, answers or None)

    def _last_of_customer(self, convo: str) -> str:
        """What a message of ours answers, where that was read long ago; empty where nothing is found."""
        try:
            answer = self._ask("getMessages", {"convoId": convo, "limit": PER_PAGE})
        except Refusal:
            return ""
        for view in reading.items(answer.get("messages")):
            try:
                if reading.sender(view) != self._did:
                    return reading.message_id(convo, reading.word(view.get("id"), "id"))
            except Unreadable:
                continue
        return ""

    def _meet(self, entries: list[Any]) -> None:
        """Learn who wrote these; a message names its sender by DID alone."""
        unknown: dict[str, None] = {}
        for entry in entries:
            try:
                did = reading.sender(entry.get("message"))
            except Unreadable:
                continue
            if did not in self._people:
                unknown[did] = None
        if len(self._people) > MOST_PROFILES:
            self._people.clear()
        dids = list(unknown)
        for start in range(0, len(dids), PER_LOOK):
            try:
                asked = {"actors": dids[start : start + PER_LOOK]}
                answer = self._session.query("app.bsky.actor.getProfiles", asked)
            except Refusal:
                continue
            for profile in reading.items(answer.get("profiles")):
                try:
                    person = reading.author(profile)
                except Unreadable:
                    continue
                self._people[person.id] = person

    # -- writing ----------------------------------------------------------------------------------

    def send(self, reply: Outgoing) -> Receipt:
        """Send one message. Raises RefusedByNetwork, OutOfReach and its kin, Unclear."""
        if reply.media:
            raise RefusedByNetwork("Bluesky takes no pictures in a message; send the text alone.")
        try:
            convo = self._convo(reply)
            message: dict[str, Any] = {"text": reply.text}
            if made := publishing.described(self._session, reply.text):
                message["facets"] = made
            body = {"convoId": convo, "message": message}
            answer = self._session.change("chat.bsky.convo.sendMessage", body, chat=True)
        except Refusal as refusal:
            raise RefusedByNetwork(str(refusal)) from None
        try:
            return Receipt(reading.message_id(convo, reading.word(answer.get("id"), "id")))
        except Unreadable as error:
            raise Unclear(f"The server took a message, but its answer cannot be read ({error}).") from None

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """The message with its text that we sent since then. Raises OutOfReach."""
        try:
            return self._sent(reply, self._convo(reply))
        except RefusedByNetwork:
            return None  # nobody to send it to: it never left
        except Refusal as refusal:
            raise OutOfReach(str(refusal)) from None

    def _sent(self, reply: Outgoing, convo: str) -> Receipt | None:
        """Among the messages of a conversation, newest first."""
        cursor: Any = None
        while True:
            answer = self._ask("getMessages", {"convoId": convo, "limit": PER_PAGE, "cursor": cursor})
            views = reading.items(answer.get("messages"))
            for view in views:
                try:
                    by, at = reading.sender(view), reading.moment(view.get("sentAt"), "sentAt")
                    if at < reply.created_at - SKEW:
                        return None
                    if by == self._did and view.get("text") == reply.text:
                        return Receipt(reading.message_id(convo, reading.word(view.get("id"), "id")))
                except Unreadable:
                    continue
            further = answer.get("cursor")
            if not views or not isinstance(further, str) or further in ("", cursor):
                return None
            cursor = further

    def _convo(self, reply: Outgoing) -> str:
        """The conversation a message goes into: that of the message it answers, else the one with its recipient."""
        if not reply.in_reply_to.startswith("at://"):
            return reply.in_reply_to.partition("/")[0]
        if not reply.recipient.startswith("did:"):
            raise RefusedByNetwork("It is not known for whom the message is; reply publicly.")
        answer = self._ask("getConvoForMembers", {"members": [reply.recipient]})
        try:
            return reading.word(reading.item(answer.get("convo"), "convo").get("id"), "convo.id")
        except Unreadable as error:
            raise OutOfReach(f"The conversation cannot be opened ({error}); it is tried again.") from None

    def _ask(self, method: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        return self._session.query(f"chat.bsky.convo.{method}", asked, chat=True)
