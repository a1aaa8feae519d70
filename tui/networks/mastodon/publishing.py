"""A reply out, once, and no more public than what it answers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote as escaped

from tui.clock import MINUTE, Millis
from tui.errors import Misuse, OutOfReach, ShiftdeskError
from tui.networks import limits, pictures
from tui.networks.mastodon import statuses
from tui.networks.mastodon.calls import Calls, told
from tui.networks.mastodon.statuses import OPENNESS, Standpoint, Unreadable, acct_of, openness
from tui.networks.records import Attachment, Outgoing, Post, Receipt, RefusedByNetwork, ServerLimits, Unclear
from tui.networks.wire import Answer, NotJson

STATUSES = "/api/v1/statuses"
ASKED_FOR = {"public": "public", "unlisted": "unlisted", "followers": "private"}
"""Our words for who sees a reply, in theirs."""
SLACK: Millis = 5 * MINUTE
"""So far may the clock of a server be behind ours."""
AT_ONCE, PAGES = 40, 10
"""Own statuses that are looked through for a reply."""
LOOKS, LOOK_PAUSE_S = 20, 1.0
"""How often a server is asked whether a picture is ready, and the pause between (s)."""
_HOST = re.compile(r"(@[\w.-]+)@[\w.-]+")


@dataclass(frozen=True, slots=True)
class _Answered:
    """What is answered, as far as the reply has to take after it."""

    author: str
    visibility: str
    warning: str
    language: str | None


class Publishing:
    """Publishes replies of one account, and finds them again."""

    def __init__(
        self,
        calls: Calls,
        here: Standpoint,
        own: str,
        server_limits: Callable[[], ServerLimits],
        sleep: Callable[[float], None],
    ) -> None:
        self._calls = calls
        self._here = here
        self._own = own
        self._limits = server_limits
        self._sleep = sleep

    def publish(self, reply: Outgoing) -> Receipt:
        """Send it. Raises as `Network.publish`."""
        answered = self._answered(reply)
        body = self._body(reply, answered)
        if reply.media:
            body["media_ids"] = [self._uploaded(one) for one in reply.media]
        answer = self._calls.send("POST", STATUSES, json=body, headers={"idempotency-key": reply.key})
        if answer.ok:
            return self._receipt(reply, body, answer)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.REQUEST_TIMEOUT:
            raise Unclear(f"{self._calls.host} answered with {told(answer)}.")
        raise RefusedByNetwork(f"{self._calls.host} does not publish it: {told(answer)}.")

    # -- before -----------------------------------------------------------------------------------

    def _answered(self, reply: Outgoing) -> _Answered:
        """What it answers, which must still be there."""
        answer = self._calls.get(f"{STATUSES}/{escaped(reply.in_reply_to, safe='')}", missing=True)
        if not answer.ok:
            raise RefusedByNetwork(
                f"What it answers is not on {self._calls.host} any more, or not for us to see; nothing was sent."
            )
        found = self._calls.understood(answer)
        try:
            author = acct_of(found.get("account"), self._here.domain)
        except (Unreadable, AttributeError):
            raise OutOfReach(f"{self._calls.host} tells nothing of what it answers; it is tried again.") from None
        visibility = found.get("visibility")
        return _Answered(
            author,
            visibility if type(visibility) is str else "",
            statuses.warning(found),
            statuses.language(found.get("language")),
        )

    def _body(self, reply: Outgoing, answered: _Answered) -> dict[str, Any]:
        """What is posted. Raises RefusedByNetwork where a private reply would reach nobody."""
        visibility = _visibility(reply, answered.visibility)
        if visibility == "direct" and not _names(reply.text, reply.recipient or answered.author):
            who = reply.recipient or answered.author
            raise RefusedByNetwork(f"A private message on Mastodon reaches whom it names; begin it with @{who}.")
        body: dict[str, Any] = {"status": reply.text, "in_reply_to_id": reply.in_reply_to}
        if visibility:
            body["visibility"] = visibility
        if warning := reply.warning or self._warning_kept(reply, answered.warning):
            body |= {"spoiler_text": warning, "sensitive": True}
        if answered.language:
            body["language"] = answered.language
        return body

    def _warning_kept(self, reply: Outgoing, warned: str) -> str:
        """The warning of what is answered stands above the answer too, where there is room for it."""
        if not warned:
            return ""
        try:
            taken = self._limits()
        except OutOfReach:
            taken = ServerLimits()
        length = limits.count(
            reply.text, statuses.NETWORK, limit=taken.characters, link_length=taken.link_length, warning=warned
        )
        return "" if length.over else warned

    def _uploaded(self, one: Attachment) -> str:
        """The id of a picture on the server, once it is ready. Nothing is published before: Unclear is OutOfReach."""
        try:
            content = Path(pictures.checked(one.path, statuses.NETWORK)).read_bytes()
        except (Misuse, OSError) as error:
            raise RefusedByNetwork(f"A picture of it cannot be sent: {_reason(error)}") from None
        given = {"files": {"file": (Path(one.path).name, content)}, "data": {"description": one.alt}}
        try:
            answer = self._calls.send("POST", "/api/v2/media", **given)
            if answer.status == HTTPStatus.NOT_FOUND:
                answer = self._calls.send("POST", "/api/v1/media", **given)
        except Unclear as error:
            raise OutOfReach(f"A picture did not arrive: {error}") from None
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise OutOfReach(f"{self._calls.host} did not take a picture: {told(answer)}; it is tried again.")
        if not answer.ok:
            raise RefusedByNetwork(f"{self._calls.host} does not take a picture of it: {told(answer)}.")
        return self._ready(self._media_id(answer), answer)

    def _ready(self, media_id: str, answer: Answer) -> str:
        """Wait for a picture that the server still works on."""
        path = f"/api/v1/media/{escaped(media_id, safe='')}"
        for _ in range(LOOKS):
            if answer.status not in (HTTPStatus.ACCEPTED, HTTPStatus.PARTIAL_CONTENT):
                return media_id
            self._sleep(LOOK_PAUSE_S)
            answer = self._calls.get(path)
        raise OutOfReach(f"{self._calls.host} has not finished with a picture; it is tried again.")

    def _media_id(self, answer: Answer) -> str:
        try:
            return statuses.status_id(self._calls.understood(answer).get("id"))
        except (Unreadable, AttributeError):
            raise OutOfReach(f"{self._calls.host} gave a picture no id; it is tried again.") from None

    # -- after ------------------------------------------------------------------------------------

    def _receipt(self, reply: Outgoing, body: dict[str, Any], answer: Answer) -> Receipt:
        """What came of it; what is out otherwise than it should be is said, and never sent a second time."""
        try:
            made = answer.json()
            native_id = statuses.status_id(made.get("id"))
        except (NotJson, Unreadable, AttributeError):
            raise Unclear(f"{self._calls.host} took it, but did not say under which id.") from None
        note = self._note(made, reply)
        if _too_open(made.get("visibility"), body.get("visibility")):
            note = self._taken_back(native_id)
        return Receipt(native_id, statuses.address(made.get("url")), note)

    def _taken_back(self, native_id: str) -> str:
        """A private text must not stand there for everybody: it is deleted at once.

        Raises RefusedByNetwork where that worked, so that nothing is out; else what a person has to do.
        """
        try:
            deleted = self._calls.send("DELETE", f"{STATUSES}/{escaped(native_id, safe='')}").ok
        except (ShiftdeskError, Unclear):
            deleted = False
        if deleted:
            raise RefusedByNetwork(
                f"{self._calls.host} published it for more people than it was meant for; it was deleted again."
            )
        return f"{self._calls.host} shows it to more people than it was meant for; delete it there by hand."

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """The reply among our own statuses, back to when it was sent, or among what answers the same.

        Some servers leave private ones out of the first. Raises Unclear where neither can be looked through.
        """
        found, looked_through = self._among_own(reply)
        found = found or self._below(reply)
        if found is None and not looked_through:
            raise Unclear(f"There are too many posts of ours on {self._calls.host} to find it among them.")
        return found

    def _among_own(self, reply: Outgoing) -> tuple[Receipt | None, bool]:
        """The reply, and whether all has been looked through that was published since."""
        since, before = reply.created_at - SLACK, ""
        for _ in range(PAGES):
            asked = {"limit": AT_ONCE, "exclude_reblogs": "true", "max_id": before or None}
            page = self._calls.list_of(self._calls.get(self._own, asked))
            found = self._found(page, reply)
            posts, bad = statuses.posts(page, self._here)
            if bad and not posts:
                raise OutOfReach(f"{self._calls.host} gives none of our own posts in a way we can read.")
            if found or not posts or not reply.created_at or posts[-1].created_at < since:
                return found, True
            if posts[-1].id == before:
                break  # it pays no heed to `max_id`
            before = posts[-1].id
        return None, False

    def _below(self, reply: Outgoing) -> Receipt | None:
        answer = self._calls.get(f"{STATUSES}/{escaped(reply.in_reply_to, safe='')}/context", missing=True)
        found = self._calls.understood(answer) if answer.ok else None
        return self._found(statuses.items(found.get("descendants")), reply) if isinstance(found, dict) else None

    def _found(self, some: Sequence[Any], reply: Outgoing) -> Receipt | None:
        """The reply among some statuses, of which those of others are none of it."""
        ours = self._here.account.removeprefix("@").casefold()
        ours = ours if "@" in ours else f"{ours}@{self._here.domain.casefold()}"
        for post, status in _beside(statuses.posts(some, self._here)[0], some):
            in_time = post.created_at >= reply.created_at - SLACK
            if in_time and post.author.id == ours and self._is_it(status, reply):
                return Receipt(post.id, post.url, self._note(status, reply))
        return None

    def _note(self, made: dict[str, Any], reply: Outgoing) -> str:
        """What is to be said of a reply that is out, but not as one."""
        if made.get("in_reply_to_id") == reply.in_reply_to:
            return ""
        return f"It is out, but not as a reply: {self._calls.host} did not take what it answers."

    def _is_it(self, status: dict[str, Any], reply: Outgoing) -> bool:
        """A status of ours with this text that answers the same; or nothing, where the server would not have that."""
        if status.get("in_reply_to_id") not in (reply.in_reply_to, None):
            return False
        wanted = _comparable(reply.text)
        if _comparable(statuses.words(status, self._here.domain)) == wanted:
            return True
        # A server may have made more of the text than we know, such as Markdown: what was typed is kept there too.
        source = self._calls.get(
            f"{STATUSES}/{escaped(statuses.status_id(status['id']), safe='')}/source", missing=True
        )
        typed = self._calls.understood(source).get("text") if source.ok else None
        return type(typed) is str and _comparable(typed) == wanted


def _visibility(reply: Outgoing, theirs: str) -> str:
    """The narrower of what was asked for and of what is answered; empty: as the account has it by itself."""
    if reply.private or theirs not in OPENNESS:
        return "direct"
    asked = ASKED_FOR.get(reply.visibility, "")
    if not asked:
        return "" if theirs == "public" else theirs
    return min(asked, theirs, key=openness)


def _too_open(made: Any, asked: str | None) -> bool:
    """Whether a private reply, or one to followers, came out for more than those."""
    return asked in ("direct", "private") and made in ("public", "unlisted")


def _beside(posts: list[Post], found: Sequence[Any]) -> list[tuple[Post, dict[str, Any]]]:
    """Posts with the statuses they were made from."""
    by_id = {str(one.get("id")): one for one in found if isinstance(one, dict)}
    return [(post, by_id[post.id]) for post in posts if post.id in by_id]


def _names(text: str, acct: str) -> bool:
    """Whether a text names this person, with the host or without."""
    bare = re.escape(acct.partition("@")[0])
    return re.search(rf"(?<![=/\w])@{bare}(?![\w-]|\.\w)", text, re.IGNORECASE) is not None


def _comparable(text: str) -> str:
    """A text without what servers change: white space, case, and the host behind a name."""
    return "".join(_HOST.sub(r"\1", text).split()).casefold()


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, Misuse) else f"it cannot be read ({type(error).__name__})."
