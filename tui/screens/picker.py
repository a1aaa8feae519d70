"""The picker over the editor: canned responses for one reply, each filled in for its customer."""

from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from tui import clock, text
from tui.clock import HOUR, Millis
from tui.screens.finder import Finder
from tui.screens.glyphs import Glyphs
from tui.screens.paint import Palette, palette

if TYPE_CHECKING:
    from tui.desk.canned.response import Canned
    from tui.desk.canned.search import Hit
    from tui.desk.canned.usage import Facts
    from tui.screens.offers import Filled, Offers

NAME_CELLS = 40
"""Most of a name of an incident or a handle in a line of facts."""
REST_S = 0.05
"""Facts are read this long after the last key (s)."""
SOON = 48 * HOUR
"""A response that expires within this says so in the colour of lateness."""


class Picker(Finder["Filled", "Hit", "Filled"]):
    """Type to filter, enter inserts. `learn` reads the facts of some responses: their use in this hour, and here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("ctrl+n", "move(1)", "Down"),
        ("ctrl+p", "move(-1)", "Up"),
        ("pagedown", "page(1)", "More of the text"),
        ("pageup", "page(-1)", "Less of the text"),
        ("f2,ctrl+y", "why", "Why"),
    ]

    class Learned(Message):
        """Facts that were asked for have been read."""

        def __init__(self, facts: "Mapping[int, Facts]") -> None:
            super().__init__()
            self.facts = facts

    def __init__(
        self,
        learn: "Callable[[Sequence[int]], Awaitable[Mapping[int, Facts]]]",
        glyphs: Glyphs,
        *,
        handle: str,
        many: int,
    ) -> None:
        hint = "part of the name, of the text, or initials"
        keys = "enter  insert    up down  choose    f2  why    pgdn  more    esc  back"
        super().__init__("Canned responses", hint, keys, glyphs)
        self.learn = learn
        self.offers: Offers
        self.handle = handle
        self.many = many
        """From so many uses in an hour on the count is marked."""
        self.facts: dict[int, Facts] = {}
        self.explains = False
        """Why it is offered is shown in place of the text."""
        self._asked_for: set[int] = set()
        self._rest: Timer | None = None

    def offer(self, offers: "Offers") -> None:
        """What there is for this reply has been read."""
        self.offers = offers
        self.begin(offers.search, offers.look)

    # -- facts ------------------------------------------------------------------------------------

    def draw(self) -> None:
        super().draw()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_S, self._rested)

    def _rested(self) -> None:
        """No key came for a moment: reading facts holds up none."""
        new = [hit.canned.id for hit in self.items if hit.canned.id not in self._asked_for]
        if new:
            self._asked_for.update(new)
            self.app.spawn(self._learn(new))  # type: ignore[attr-defined]

    async def _learn(self, wanted: Sequence[int]) -> None:
        self.post_message(self.Learned(await self.learn(wanted)))

    def on_picker_learned(self, message: Learned) -> None:
        message.stop()
        self.facts |= message.facts
        if self.seen is not None and self.seen.canned.id in message.facts:
            self.draw_beside()

    # -- keys -------------------------------------------------------------------------------------

    def action_page(self, pages: int) -> None:
        """More or less of a long text."""
        self.scroll_beside(pages)

    def action_why(self) -> None:
        """Why it is offered here, in place of the text; and back."""
        self.explains = not self.explains
        self.top = 0
        self.draw_beside()

    def take(self, seen: "Filled") -> None:
        if not seen.refused:
            self.dismiss(seen)

    # -- what is shown ----------------------------------------------------------------------------

    def row(self, item: "Hit", here: bool) -> Content:
        colors, canned = palette(self.app), item.canned
        marks = "".join(f"{mark} " for mark in self._marks(canned))
        return Content.assemble(
            (self.glyphs.cursor if here else " ", colors.reply),
            (marks, colors.late),
            (text.line(canned.name), colors.strong if here else colors.plain),
            (f"  {text.line(canned.shortcut)}" if canned.shortcut else "", colors.quiet),
        ).truncate(self.hits.size.width, ellipsis=True)

    def _marks(self, canned: "Canned") -> list[str]:
        from tui.desk.canned.response import validity

        valid = validity(canned, self.offers.now)
        over = canned.incident and canned.incident.casefold() not in self.offers.open_incidents
        return [word for word in ("" if valid == "valid" else valid, "incident over" if over else "") if word]

    def beside(self, seen: "Filled") -> list[Content]:
        colors = palette(self.app)
        if self.explains:
            return why(seen, colors)
        words = _styled(text.line(seen.refused), colors.danger) if seen.refused else Content(text.clean(seen.text))
        facts = [self._count(seen, colors), self._use(seen.canned, colors), *self._terms(seen)]
        return [*facts, Content(""), words]

    def _count(self, seen: "Filled", colors: Palette) -> Content:
        length, whole = seen.length, seen.whole
        style = colors.danger if length.over or whole.over else colors.quiet
        words = f"{length.used:,} of {length.limit:,} {length.unit}"
        if whole.used != length.used:
            words += f", {whole.used:,} with the draft"
        return _styled(words, style)

    def _use(self, canned: "Canned", colors: Palette) -> Content:
        """Always one line, so that nothing moves when the facts come."""
        facts = self.facts.get(canned.id)
        if facts is None:
            return Content("")
        had, often = facts.to_person, facts.this_hour
        times = "not used" if not often else "once" if often == 1 else f"{often:,} times"
        return Content.assemble(
            ("new to this person" if had is None else f"they had it {clock.age(self.offers.now - had)} ago",
             colors.quiet if had is None else colors.late),
            (f" {self.glyphs.separator} ", colors.quiet),
            (f"{times} in this hour on {text.fit(text.line(self.handle), NAME_CELLS)}",
             colors.late if often + 1 >= self.many else colors.quiet),
        )  # fmt: skip

    def _terms(self, seen: "Filled") -> list[Content]:
        """Shelf life, for whom it is, what sending it also does: a line each where there is something to say."""
        colors, canned = palette(self.app), seen.canned
        lines = [
            *shelf(canned, self.offers.now, self.offers.open_incidents),
            (belonging(canned, self.offers.agent), not canned.approved),
            (seen.also, False),
        ]
        return [_styled(words, colors.late if late else colors.quiet) for words, late in lines if words]


def why(seen: "Filled", colors: Palette) -> list[Content]:
    """The rules that put a response where it stands, and their points."""
    rules = [Content.assemble((f"{points:+7.1f}  ", colors.reply), text.line(rule)) for rule, points in seen.why]
    total = sum(points for _, points in seen.why)
    return [_styled("why it stands here", colors.strong), *rules, _styled(f"{total:7.1f}  of 100", colors.strong)]


def shelf(canned: "Canned", now: Millis, open_incidents: Container[str]) -> list[tuple[str, bool]]:
    """How long a response holds, in words, and whether that is a reason to stop and think.

    `open_incidents` by name, without case.
    """
    from tui.desk.canned.response import validity

    found: list[tuple[str, bool]] = []
    match validity(canned, now), canned.valid_from, canned.valid_until:
        case "expired", _, int(until):
            found.append((f"expired {clock.age(now - until)} ago", True))
        case "not yet", int(begins), _:
            found.append((f"valid only in {clock.age(begins - now)}, from {_moment(begins)}", True))
        case _, _, int(until):
            found.append((f"valid until {_moment(until)}, {clock.age(until - now)} more", until - now < SOON))
    if canned.incident:
        name = text.fit(text.line(canned.incident), NAME_CELLS)
        is_open = canned.incident.casefold() in open_incidents
        found.append((f"while incident {name} is open" if is_open else f"its incident {name} is over", not is_open))
    return found


def belonging(canned: "Canned", agent: str) -> str:
    """For whom a response is, and whether it is approved; empty for an approved one of the whole team."""
    owner = text.fit(text.line(canned.owner), NAME_CELLS)
    whose = {"agent": "yours alone" if canned.owner == agent else f"{owner}'s alone", "account": f"only for {owner}"}
    parts = [whose.get(canned.scope, ""), "" if canned.approved else "not approved yet"]
    return ", ".join(filter(None, parts))


def _moment(at: Millis) -> str:
    return clock.local(at, "%d %b %H:%M")


def _styled(words: str, style: Any) -> Content:
    return Content(words).stylize(style)
