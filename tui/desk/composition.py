"""What a draft or reply is made of beside its words: canned responses, filled blanks, pictures, what sending also does.

It is written with the draft, goes with it into the outbox, and comes back where the reply is recalled or fails.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # the first paint has a composition, and hardly ever one with these
    from tui.desk.canned.response import Action
    from tui.networks.records import Attachment

Visibility = Literal["", "public", "unlisted", "followers"]
VISIBILITIES: tuple[Visibility, ...] = ("", "public", "unlisted", "followers")
"""Who sees a public reply, where its network asks; empty: as the network has it by itself."""
Way = Literal["", "private", "pointer"]
"""How a text answers a public post: in public; in a private message, which a pointer follows; as that pointer."""


@dataclass(frozen=True, slots=True)
class Inserted:
    """A canned response that was put into the text, and the words it came with."""

    canned: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Composition:
    """What a text is made of. Immutable; `NOTHING` for one that was written by hand and has nothing to it."""

    inserted: tuple[Inserted, ...] = ()
    """In the order they were inserted."""
    form: Mapping[str, str] = field(default_factory=dict)
    """What the agent filled into blanks, by their name: another text with that blank has it already."""
    locked: tuple[str, ...] = ()
    """Wordings of the inserted texts that are not to be changed."""
    media: "tuple[Attachment, ...]" = ()
    warning: str = ""
    """A content warning, which hides the text until it is asked for."""
    visibility: Visibility = ""
    actions: "tuple[Action, ...]" = ()
    """What sending it also does, once it is out."""
    around: tuple[str, str] = ("", "")
    """What was put in front of the text and behind it when it left, see `tui.desk.leaving`."""
    way: Way = ""
    """See `tui.desk.privately`."""

    @property
    def canned_ids(self) -> tuple[int, ...]:
        """The canned responses it was made from, each once."""
        return tuple(dict.fromkeys(one.canned for one in self.inserted))

    @property
    def has_extras(self) -> bool:
        """Whether there is something to it that is worth keeping without a word."""
        return bool(self.media or self.warning or self.visibility or self.way == "private")

    def with_inserted(
        self, canned: int, text: str, *, locked: Iterable[str] = (), actions: "Iterable[Action]" = ()
    ) -> "Composition":
        """The same with one more canned response in it."""
        return replace(
            self,
            inserted=(*self.inserted, Inserted(canned, text)),
            locked=tuple(dict.fromkeys((*self.locked, *locked))),
            actions=tuple(dict.fromkeys((*self.actions, *actions))),
        )

    def as_json(self) -> dict[str, Any] | None:
        """As it is stored; what says nothing is left out, and None where nothing is left."""
        found: dict[str, Any] = {
            "inserted": [{"canned": one.canned, "text": one.text} for one in self.inserted],
            "form": dict(self.form),
            "locked": list(self.locked),
            "media": [one.as_json() for one in self.media],
            "warning": self.warning,
            "visibility": self.visibility,
            "actions": [one.as_json() for one in self.actions],
            "around": list(self.around) if any(self.around) else [],
            "way": self.way,
        }
        return {key: value for key, value in found.items() if value} or None


NOTHING = Composition()


def made_of(*canned_ids: int) -> Composition:
    """The composition of a text made from these canned responses, whose words nobody kept."""
    return Composition(inserted=tuple(map(Inserted, canned_ids)))


def composition(stored: Mapping[str, Any] | None) -> Composition:
    """A composition from its JSON."""
    if not stored:
        return NOTHING
    from tui.desk.canned.response import Action
    from tui.networks.records import Attachment

    front, back = stored.get("around", ("", ""))
    return Composition(
        inserted=tuple(Inserted(one["canned"], one["text"]) for one in stored.get("inserted", ())),
        form=dict(stored.get("form", {})),
        locked=tuple(stored.get("locked", ())),
        media=tuple(Attachment(**one) for one in stored.get("media", ())),
        warning=stored.get("warning", ""),
        visibility=stored.get("visibility", ""),
        actions=tuple(Action(**one) for one in stored.get("actions", ())),
        around=(front, back),
        way=stored.get("way", ""),
    )
