"""What goes with a reply: pictures, a content warning, who sees it, what sending also does. And how it will look."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style

from tui import clock, text
from tui.desk.also import words
from tui.desk.composition import VISIBILITIES, Composition
from tui.errors import Misuse
from tui.networks import pictures
from tui.screens.beside import VISIBLE, whole
from tui.screens.dialogs import Choice, Option, Prompt, Sheet
from tui.screens.paint import Palette, palette

if TYPE_CHECKING:
    from tui.desk.canned.response import Action
    from tui.networks.marks import Mark
    from tui.screens.app import DeskApp
    from tui.store.reader import QueueRow

ACTION_KEYS = "bcdefghijklmnopq"
"""Keys of what sending also does; the other letters are those of the dialog itself."""
WARNING_CHARACTERS = 200
HAS_WARNINGS = ("mastodon",)
"""Networks with content warnings, and with a choice of who sees a reply."""
_UNDERLINED = Style(underline=True)
_KINDS = {"mention": "names", "link": "links", "tag": "hashtags"}


class Extras:
    """What a reply is made of beside its words."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app

    def _here(self) -> "QueueRow | None":
        """The conversation whose reply stands in the editor."""
        thread = self.app.thread
        return thread.entry.row if thread is not None and self.app.writing.draft_of == thread.entry.row.id else None

    # -- how it will look -------------------------------------------------------------------------

    async def preview(self) -> None:
        """The text as it leaves, in its parts, with what the network makes of it."""
        row, writing = self._here(), self.app.writing
        if row is None:
            return
        reply = writing.as_it_stands(row.id)
        final = writing.as_it_leaves(row, reply.words.rstrip())
        parts = await asyncio.to_thread(self._parts, row, final)
        body = await asyncio.to_thread(self._body, row, parts, reply.made_of, palette(self.app))
        self.app.push_screen(Sheet(f"As it leaves, {_count(parts)}", body))

    def _parts(self, row: "QueueRow", final: str) -> list[str]:
        return self.app.sending.split(row, final) if self.app.writing.count(row, final).over else [final]

    def _body(self, row: "QueueRow", parts: list[str], made_of: Composition, colors: Palette) -> Content:
        """For a thread beside the loop: finding links loads a library the first time."""
        from tui.networks.marks import marks

        lines: list[Content] = []
        for number, part in enumerate(parts, 1):
            found = marks(part, row.network)
            head = f"part {number} · " if len(parts) > 1 else ""
            lines += [
                Content(f"{head}{self.app.writing.measured(row, part)}").stylize(colors.quiet),
                marked(part, found, colors.reply + _UNDERLINED) if part.strip() else Content("Nothing is written yet."),
                *(Content(said).stylize(colors.quiet) for said in _told(found)),
                Content(""),
            ]
        lines += [Content(one).stylize(colors.note) for one in whole(made_of, clock.now())]
        return Content("\n").join(lines)

    # -- what goes with it ------------------------------------------------------------------------

    async def extras(self) -> None:
        """Choose what goes with the reply, one thing after the other; esc ends it."""
        row, said = self._here(), ""
        while row is not None:
            made_of = self.app.writing.made_of
            chosen = await self.app.ask(Choice("With this reply", self._options(row, made_of), said or _why(row)))
            if chosen is None or self.app.writing.draft_of != row.id:
                break
            said = await self._choose(chosen, row, made_of)
        self.app.desk.composer.focus()

    def _options(self, row: "QueueRow", made_of: Composition) -> list[Option]:
        attached = [
            Option(f"picture {n}", str(n), f"{pictures.shown(one.path)}: {text.line(one.alt)}")
            for n, one in enumerate(made_of.media, 1)
        ]
        attach = [Option("attach", "a", "attach a picture")] if len(made_of.media) < pictures.MOST else []
        own = []
        if row.network in HAS_WARNINGS:
            own.append(Option("warning", "w", f"content warning: {text.line(made_of.warning) or 'none'}"))
        if row.network in HAS_WARNINGS and not row.private:
            own.append(Option("visible", "v", f"goes out {VISIBLE[made_of.visibility].rstrip(',')}"))
        now = clock.now()
        actions = [
            Option(f"action {at}", key, f"also {words(one, now)}: {'yes' if one in made_of.actions else 'no'}")
            for at, (key, one) in enumerate(zip(ACTION_KEYS, self._offered(made_of), strict=False))
        ]
        return [*attached, *attach, *own, *actions]

    def _offered(self, made_of: Composition) -> "list[Action]":
        """What sending could also do: what its canned responses bring, taken or not."""
        stock = self.app.filling.stock
        known = stock.library if stock else {}
        brought = [one for number in made_of.canned_ids if number in known for one in known[number].actions]
        return list(dict.fromkeys((*brought, *made_of.actions)))

    async def _choose(self, chosen: str, row: "QueueRow", made_of: Composition) -> str:
        """Do what was chosen; what is to be said about it."""
        what, _, which = chosen.partition(" ")
        match what:
            case "attach":
                return await self._attach(row, made_of)
            case "picture":
                return await self._picture(made_of, int(which) - 1)
            case "warning":
                return await self._warn(made_of)
            case "visible":
                return await self._visible(made_of)
            case _:
                return await self._toggle(made_of, self._offered(made_of)[int(which)])

    async def _attach(self, row: "QueueRow", made_of: Composition) -> str:
        taken = [one.path for one in made_of.media]

        def fits(path: str) -> str:
            found = pictures.checked(path, row.network)
            if found in taken:
                raise Misuse("That picture is attached already.")
            return found

        path = await self._asked("Picture", "The path of a PNG, JPEG, GIF or WebP file", fits)
        if path is None:
            return ""
        alt = await self._asked("Description", _alt_hint(path), pictures.described)
        if alt is None:
            return "A picture needs a description; it is not attached."
        from tui.networks.records import Attachment

        await self._change(replace(made_of, media=(*made_of.media, Attachment(path, alt))))
        return f"{pictures.shown(path)} goes with the reply."

    async def _picture(self, made_of: Composition, at: int) -> str:
        one = made_of.media[at]
        options = [Option("describe", "d", "describe it anew"), Option("remove", "x", "leave it out")]
        shown = f"{pictures.shown(one.path)}: {text.line(one.alt)}"
        match await self.app.ask(Choice("Picture", options, shown)):
            case "remove":
                await self._change(replace(made_of, media=made_of.media[:at] + made_of.media[at + 1 :]))
                return f"{pictures.shown(one.path)} is left out."
            case "describe":
                alt = await self._asked("Description", _alt_hint(one.path), pictures.described, one.alt)
                if alt is not None:
                    media = (*made_of.media[:at], replace(one, alt=alt), *made_of.media[at + 1 :])
                    await self._change(replace(made_of, media=media))
                    return "It is described anew."
        return ""

    async def _warn(self, made_of: Composition) -> str:
        hint = "What does the text need a warning for? Empty: none"
        warning = await self._asked("Content warning", hint, _short_enough, made_of.warning)
        if warning is None:
            return ""
        await self._change(replace(made_of, warning=warning))
        return "It stands above the text and counts." if warning else "Without a content warning."

    async def _visible(self, made_of: Composition) -> str:
        told = {"": "as the network has it", "unlisted": "publicly, but on no public timeline"} | {
            "public": "publicly", "followers": "for our followers and whom it names"
        }  # fmt: skip
        options = [Option(one or "as it is", key, told[one]) for key, one in zip("1234", VISIBILITIES, strict=True)]
        chosen = await self.app.ask(Choice("Who sees it", options))
        if chosen is None:
            return ""
        visibility = next((one for one in VISIBILITIES if one == chosen), VISIBILITIES[0])
        await self._change(replace(made_of, visibility=visibility))
        return f"It goes out {told[visibility]}."

    async def _toggle(self, made_of: Composition, action: "Action") -> str:
        """Take an action out, or back in at its place."""
        wanted = set(made_of.actions) ^ {action}
        await self._change(replace(made_of, actions=tuple(one for one in self._offered(made_of) if one in wanted)))
        return ""

    async def _change(self, made_of: Composition) -> None:
        await self.app.writing.make_otherwise(made_of)

    async def _asked(self, title: str, hint: str, vet: Callable[[str], str], value: str = "") -> str | None:
        """One line that passes, asked again with what is wrong with it; None when the agent went back."""
        says = hint
        while (value_now := await self.app.ask(Prompt(title, says, value))) is not None:
            try:
                return await asyncio.to_thread(partial(vet, value_now))
            except Misuse as error:
                says, value = text.line(str(error)), value_now
        return None


def marked(part: str, found: "list[Mark]", style: Style) -> Content:
    """A text with its marks in a style of their own; each piece is cleaned by itself, as places count before that."""
    pieces: list[Content] = []
    at = 0
    for mark in found:
        pieces += [Content(text.clean(part[at : mark.start])), Content(text.clean(mark.value)).stylize(style)]
        at = mark.end
    return Content("").join([*pieces, Content(text.clean(part[at:]))])


def _told(found: "list[Mark]") -> list[str]:
    """What the network makes of a text, a line a kind."""
    by_kind = {kind: [text.line(mark.value) for mark in found if mark.kind == kind] for kind in _KINDS}
    return [f"{_KINDS[kind]}: {', '.join(values)}" for kind, values in by_kind.items() if values]


def _count(parts: list[str]) -> str:
    return "whole" if len(parts) == 1 else f"in {len(parts)} parts"


def _why(row: "QueueRow") -> str:
    if row.network in HAS_WARNINGS:
        return "A private message is seen by whom it names." if row.private else ""
    return f"Content warnings and a choice of who sees it are Mastodon's; {text.line(row.network)} has neither."


def _alt_hint(path: str) -> str:
    return f"What does {pictures.shown(path)} show? Who cannot see it reads that"


def _short_enough(warning: str) -> str:
    warning = text.line(warning).strip()
    if len(warning) > WARNING_CHARACTERS:
        raise Misuse(f"A content warning has at most {WARNING_CHARACTERS} characters; this has {len(warning)}.")
    return warning
