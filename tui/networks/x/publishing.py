"""A reply leaves for X, and is looked for where it may have left."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui import clock
from tui.clock import SECOND, Millis
from tui.errors import Misuse, OutOfReach
from tui.networks import pictures
from tui.networks.records import Attachment, Outgoing, Post, Receipt, RefusedByNetwork, Unclear
from tui.networks.wire import Answer
from tui.networks.x import reading
from tui.networks.x.calls import PAGE, Calls, listing, next_page, problem, searching
from tui.networks.x.fields import Generation
from tui.networks.x.matching import same
from tui.networks.x.reading import Us

LOOKED_THROUGH = 10
"""Pages of our own posts or messages in which a reply is looked for."""
SKEW: Millis = 30 * SECOND
"""How far the clock of this machine may be off."""
_EARLIEST: Millis = clock.parse("2010-11-06T00:00:00Z")
"""X takes no earlier `start_time`."""
_DUPLICATE = "duplicate content"
_NOT_SUMMONED = ("not been mentioned", "reply to this conversation is not allowed", "not allowed to reply")


class Publishing:
    """Replies of one account."""

    def __init__(self, calls: Calls, us: Us) -> None:
        self._calls = calls
        self._us = us

    def publish(self, reply: Outgoing) -> Receipt:
        """Send one reply, in public or as a direct message; see `Network.publish`."""
        if reply.private and not _is_id(reply.recipient):
            raise RefusedByNetwork("It is not known who the message is for; answer a message of theirs.")
        media = [self._uploaded(picture, private=reply.private) for picture in reply.media]
        if reply.private:
            return self._published(self._send_message(reply, media), reply)
        content: dict[str, Any] = {"text": reply.text, "reply": {"in_reply_to_tweet_id": reply.in_reply_to}}
        if media:
            content["media"] = {"media_ids": media}
        return self._published(self._calls.send("/2/tweets", json=content), reply)

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """Find a reply that may be out. That it is not is believed only after everything since was read."""
        if reply.private:
            return self._message_out(reply)
        found, whole = self._out(reply)
        if found is not None:
            return found
        if not whole:
            raise Unclear("X did not give all of our own posts since, so it is not certain that the reply is not out.")
        return self._in_conversation(reply)

    def _send_message(self, reply: Outgoing, media: Sequence[str]) -> Answer:
        content: dict[str, Any] = {"text": reply.text} if reply.text else {}
        if media:
            content["attachments"] = [{"media_id": one} for one in media]
        return self._calls.send(f"/2/dm_conversations/with/{reply.recipient}/messages", json=content)

    def _published(self, answer: Answer, reply: Outgoing) -> Receipt:
        """What an answer to a publish means."""
        if answer.ok:
            return self._receipt(answer, reply)
        said = problem(answer)
        if answer.status == 403 and _DUPLICATE in said.raw:
            return self._duplicate(reply)
        if answer.status >= 500 or answer.status in (408, 409) or not said.is_its_own:
            raise Unclear(f"X answered with {answer.status}, so it is not certain whether the reply is out.")
        if answer.status in (401, 402, 429):
            self._calls.refuse(answer, "publish")
        if answer.status == 403 and not reply.private and any(words in said.raw for words in _NOT_SUMMONED):
            raise RefusedByNetwork(
                "X takes no reply of ours to it: its author has to mention or quote us and leave replies open; "
                "wait until they do, or answer in private."
            )
        raise RefusedByNetwork(f"X does not take it: {said.words or answer.status}.")

    def _receipt(self, answer: Answer, reply: Outgoing) -> Receipt:
        data = (answer.object() or {}).get("data")
        native = data.get("dm_event_id" if reply.private else "id") if isinstance(data, dict) else None
        if not isinstance(native, str) or not _is_id(native):
            raise Unclear("X took the reply but did not say as what; it is looked up.")
        return Receipt(native, None if reply.private else self._url(native))

    def _duplicate(self, reply: Outgoing) -> Receipt:
        """X holds the same text already: this reply after an unclear answer, or one to somebody else."""
        if reply.private:
            raise RefusedByNetwork("X takes the same message only once; change its words.")
        same_text = [post for post in self._our_posts(reply)[0] if same(reply.text, post.text)]
        for post in same_text:
            if post.in_reply_to == reply.in_reply_to:
                return Receipt(post.id, self._url(post.id))
        if same_text:
            raise RefusedByNetwork(
                "X takes the same text only once, and it is out in answer to somebody else; change its words."
            )
        raise Unclear("X says that the same text is out already; it is looked up.")

    def _out(self, reply: Outgoing) -> tuple[Receipt | None, bool]:
        """The reply on our own timeline, and whether all of that since was read."""
        posts, whole = self._our_posts(reply)
        return self._matching(reply, posts), whole

    def _matching(self, reply: Outgoing, posts: Iterable[Post]) -> Receipt | None:
        for post in posts:
            if post.in_reply_to == reply.in_reply_to and same(reply.text, post.text):
                return Receipt(post.id, self._url(post.id))
        return None

    def _our_posts(self, reply: Outgoing) -> tuple[list[Post], bool]:
        """Our own posts since the reply was sent, the oldest first on each page, and whether these are all."""
        path, since = f"/2/users/{self._us.id}/tweets", reply.created_at - SKEW
        asked: dict[str, Any] = {"max_results": PAGE, "start_time": _start(since)}
        found: list[Post] = []
        for _ in range(LOOKED_THROUGH):
            body, _rate = self._calls.get(path, asked, Generation.posts)
            listing(body)
            read = reading.posts(body, self._us)
            found += [post for post in read.posts if post.created_at >= since]
            token = next_page(body)
            if read.bad:
                return found, False
            if not token:
                return found, True
            asked["pagination_token"] = token
        return found, False

    def _conversation_of(self, post_id: str) -> str:
        """The id of the conversation a post is in; empty where the post is gone."""
        body, _ = self._calls.get("/2/tweets", {"ids": post_id}, Generation.posts)
        return reading.conversation(body)

    def _in_conversation(self, reply: Outgoing) -> Receipt | None:
        """A second look where our timeline does not show it: our posts in that conversation."""
        conversation = self._conversation_of(reply.in_reply_to)
        if not conversation:
            return None
        query = f"conversation_id:{conversation} from:{self._us.name}"
        body, _ = self._calls.get(*searching(query), Generation.posts)
        listing(body)
        read = reading.posts(body, self._us)
        found = self._matching(reply, [post for post in read.posts if post.created_at >= reply.created_at - SKEW])
        if found is None and (read.bad or next_page(body)):
            raise Unclear("X did not give all of the conversation, so it is not certain that the reply is not out.")
        return found

    def _message_out(self, reply: Outgoing) -> Receipt | None:
        """A message in the conversation with its recipient."""
        path, since = f"/2/dm_conversations/with/{reply.recipient}/dm_events", reply.created_at - SKEW
        asked: dict[str, Any] = {"event_types": "MessageCreate", "max_results": PAGE}
        for _ in range(LOOKED_THROUGH):
            body, _rate = self._calls.get(path, asked, Generation.messages)
            listing(body)
            read = reading.messages(body, self._us, {})
            for post in read.posts:
                if post.author.id == self._us.id and post.created_at >= since and same(reply.text, post.text):
                    return Receipt(post.id)
            token = next_page(body)
            if read.bad:
                break
            if not token or any(post.created_at < since for post in read.posts):
                return None
            asked["pagination_token"] = token
        raise Unclear("X did not give all messages since, so it is not certain that this one is not out.")

    def _uploaded(self, picture: Attachment, *, private: bool) -> str:
        """A picture at X, with its description; its id. Nothing is published yet, so an unclear answer does no harm."""
        try:
            path = pictures.checked(picture.path, reading.NETWORK)
            content = Path(path).read_bytes()
        except (Misuse, OSError) as error:
            raise RefusedByNetwork(f"A picture cannot be sent: {error}") from None
        form = {"media_category": "dm_image" if private else "tweet_image"}
        files = {"media": (Path(path).name.encode("ascii", "replace").decode(), content)}
        media_id = self._prepared("/2/media/upload", data=form, files=files).get("id")
        if not isinstance(media_id, str) or not _is_id(media_id):
            raise OutOfReach("X took a picture but did not say as what; it is tried again.")
        if picture.alt:
            described = {"id": media_id, "metadata": {"alt_text": {"text": picture.alt}}}
            self._prepared("/2/media/metadata", json=described)
        return media_id

    def _prepared(self, path: str, **content: Any) -> Mapping[str, Any]:
        """What a call before the reply itself gives. Raises RefusedByNetwork or OutOfReach: nothing is out yet."""
        try:
            answer = self._calls.send(path, **content)
        except Unclear as error:
            raise OutOfReach(str(error)) from None
        if answer.ok:
            data = self._calls.object(answer).get("data")
            return data if isinstance(data, dict) else {}
        said = problem(answer)
        if answer.status in (400, 403, 413, 415, 422) and said.is_its_own:
            raise RefusedByNetwork(f"X does not take a picture: {said.words or answer.status}.")
        self._calls.refuse(answer, "send a picture")

    def _url(self, native_id: str) -> str:
        return f"https://x.com/{self._us.handle.removeprefix('@')}/status/{native_id}"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= reading.MOST_ID


def _start(since: Millis) -> str | None:
    """A moment as X takes it, in whole seconds; None where it lies before X began to count."""
    return clock.iso(since // SECOND * SECOND) if since >= _EARLIEST else None
