"""Keeping a text that was typed: our newest reply of a conversation, or one that is typed again and again."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from tui import actions, text
from tui.store.reader import PostRow, ReplyRow

if TYPE_CHECKING:
    from tui.desk.repeated import Repeated
    from tui.screens.app import DeskApp
    from tui.screens.thread import Thread

OFFER_S = 8
"""How long the offered text goes before that of the conversation on screen: as long as the sentence stands (s)."""
WAIT_S = 1.0
"""How often it is looked whether an offer can be made (s)."""
EXCERPT_CELLS = 20
"""Of a text in its offer, which fits a line of 80 cells."""


class Capturing:
    """Makes canned responses of what was sent."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self._offered: tuple[Repeated, float] | None = None
        """The reply that is offered, and until when on the loop's clock."""

    async def capture(self) -> None:
        """Our newest reply of the conversation on screen, or the one that is offered, as a new canned response."""
        offered = self._offered
        stands = offered is not None and asyncio.get_running_loop().time() < offered[1]
        found = None if stands else await self._newest_text()
        found = found or await self._offered_text()
        if found is None:
            nothing = "We have not replied in this conversation; there is no text to keep."
            self.app.say(nothing if self.app.thread is not None else actions.WHY_NOT["row"])
            return
        conversation_id, words = found
        job = partial(self.app.jobs.captured, conversation_id=conversation_id, words=words, agent=self.app.agent)
        document = await self.app.work.read(job)
        try:
            await self.app.editing.edit_canned(document, "canned:new")
        finally:
            if self.app.desk.composer.text != document:  # another that was begun before goes on
                self._offered = offered

    async def _offered_text(self) -> tuple[int, str] | None:
        """The conversation and text of the reply that was offered last, unless it has been taken."""
        if self._offered is None:
            return None
        (reply, _), self._offered = self._offered, None
        return reply.conversation_id, await self.app.work.read(lambda reader: reader.whole_text(reply.reply_id))

    async def _newest_text(self) -> tuple[int, str] | None:
        """What we said last in the conversation on screen, in whichever tool."""
        thread = self.app.thread
        newest = _newest(thread) if thread is not None else None
        if thread is None or newest is None:
            return None
        here = thread.entry.row.id
        if isinstance(newest, PostRow):
            return here, newest.text
        return here, await self.app.work.read(lambda reader: reader.whole_text(newest.id))

    async def offer(self, conversation_id: int) -> None:
        """After a reply: say so where its text has been typed often enough to be kept; once for each text.

        It is said when the reply has left and the agent is in a list again, where the key works.
        """
        job = partial(
            self.app.jobs.repeated, conversation_id=conversation_id, agent=self.app.agent, config=self.app.config
        )
        found: Repeated | None = await self.app.work.read(job)
        if found is None:
            return
        while self.app.held or self.app.desk.composer.has_focus or self.app.screen is not self.app.desk:
            await asyncio.sleep(WAIT_S)
        if await self.app.work.read(job) is None:
            return  # it was recalled, or somebody else has said so
        await self.app.work.change(partial(self.app.jobs.told, offer=found, agent=self.app.agent))
        self._offered = found, asyncio.get_running_loop().time() + OFFER_S
        key = actions.shown(self.app.by_id["capture"].keys[0])
        whose = "You" if found.own == found.times else "The desk"
        words = text.fit(text.line(found.text), EXCERPT_CELLS)
        self.app.say(f"{whose} typed “{words}” {found.times} times; {key} keeps it as a canned response.")


def _newest(thread: "Thread") -> ReplyRow | PostRow | None:
    """Our newest word in a thread, in whichever tool it was written."""
    replies = [reply for reply in thread.replies if reply.state not in ("recalled", "failed")]
    here = {reply.native_id for reply in replies}
    posts = [
        post
        for post in thread.posts
        if post.ours and not post.deleted and post.kind != "repost" and post.native_id not in here
    ]
    said: list[ReplyRow | PostRow] = [*replies, *posts]
    return max(said, key=lambda one: one.created_at, default=None)
