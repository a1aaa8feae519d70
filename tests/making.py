"""What the tests of the desk are made of: posts, a moment, and the way in."""

import shutil
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.config import Config
from tui.desk import intake, people
from tui.networks.records import Author, Post
from tui.store import tables as t
from tui.store.reader import QueueRow, Reader
from tui.store.store import Store

NOW: Millis = clock.parse("2026-02-11T09:14:00Z")
US = "@northline"
EVERYONE = 1_000


def post(id: str, author: str = "amandac", text: str = "My train is late", ago: Millis = 0, **values: Any) -> Post:
    """A post on `x` by the author with this handle (also their id), `ago` ms before NOW."""
    root = values.get("root")
    if root is not None:
        values.setdefault("root_id", root.id)
    values.setdefault("network", "x")
    values.setdefault("created_at", NOW - ago)
    return Post(id=id, author=values.pop("by", Author(author, author)), text=text, **values)


def ours(id: str, to: str | None, ago: Millis = 0, text: str = "Which coach are you in?", **values: Any) -> Post:
    """A reply of ours."""
    return post(id, "northline", text, ago, in_reply_to=to, **{"kind": "reply", **values})


def repost(id: str, root: Post | str, author: str = "stranger", ago: Millis = 0, **values: Any) -> Post:
    """A repost, with its root embedded or only named."""
    pointer = {"root_id": root} if isinstance(root, str) else {"root": root}
    return post(id, author, "", ago, kind="repost", **pointer, **values)


def quote(id: str, root: Post | str, text: str, author: str = "stranger", ago: Millis = 0, **values: Any) -> Post:
    """A quote, with its root embedded or only named."""
    pointer = {"root_id": root} if isinstance(root, str) else {"root": root}
    return post(id, author, text, ago, kind="quote", **pointer, **values)


def take(store: Store, *posts: Post, **values: Any) -> intake.Taken:
    """Posts in, in one transaction; `@northline` is ours."""
    with store.transaction() as session:
        return take_into(session, *posts, **values)


def take_into(
    session: Session, *posts: Post, now: Millis = NOW, config: Config | None = None, **values: Any
) -> intake.Taken:
    """The same inside a transaction."""
    intake.ensure_account(session, "x", US, now)
    return intake.take_in(session, posts, now=now, config=config or Config(), **values)


def rows(reader: Reader, view: str = "all", agent: str = "ana", now: Millis = NOW) -> list[QueueRow]:
    """A whole view."""
    return reader.page(view, agent=agent, now=now, limit=EVERYONE)


def kinds(reader: Reader, conversation_id: int | None = None) -> list[str]:
    """The kinds of events, oldest first."""
    return [event.kind for event in reader.events(conversation_id=conversation_id)]


def copy_of(template: Path, folder: Path) -> Store:
    """A fresh desk: copying the prepared file is ten times faster than preparing one."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, folder / "desk.db")
    return Store(folder / "desk.db")


def employ(session: Session, **roles: str) -> None:
    """People who work here, by name, with their roles; whoever is here already gets the role."""
    for name, role in roles.items():
        people.arrive(session, name, NOW)
        session.execute(t.agents.update().where(t.agents.c.name == name).values(role=role))
