"""A post that its server knows under another id than before is still that post: its `uri` says so.

Some servers give an edited post a new id. A reply has to name the new one, and what answered the old one stays below.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from tui.desk.freshness import account_name
from tui.networks.records import Post
from tui.store import tables as t

_CHUNK = 900
_p = t.posts.c


class _Known(NamedTuple):
    """A stored post."""

    id: int
    native_id: str
    uri: str | None
    account: str | None


def one_id_each(connection: Connection, posts: Sequence[Post]) -> list[Post]:
    """The posts under the id each is stored under from now on.

    A stored post takes the new id only from the account it reached: another account of ours may be on another server,
    which has an id of its own for the same post. Posts without `uri` pass as they are.
    """
    flat = [one for post in posts for one in (post, post.root) if one is not None and one.uri]
    if not flat:
        return list(posts)
    became: dict[tuple[str, str], str] = {}
    for network, named in _by_network(flat).items():
        stored, taken = _stored(connection, network, named)
        for uri, versions in named.items():
            known, newest = stored.get(uri), versions[-1]
            final = newest.id
            if known is not None and known.native_id != newest.id:
                theirs = account_name(newest.account or known.account or "")
                if newest.id in taken or theirs != account_name(known.account or theirs):
                    final = known.native_id
                else:
                    _rename(connection, known, network, newest.id)
            became |= {(network, one.id): final for one in versions if one.id != final}
            became |= {(network, known.native_id): final} if known and known.native_id != final else {}
    return [_under(post, became) for post in posts] if became else list(posts)


def _by_network(posts: Iterable[Post]) -> dict[str, dict[str, list[Post]]]:
    """By network and `uri`, in the order they came."""
    found: dict[str, dict[str, list[Post]]] = defaultdict(lambda: defaultdict(list))
    for post in posts:
        found[post.network][post.uri or ""].append(post)
    return found


def _stored(
    connection: Connection, network: str, named: dict[str, list[Post]]
) -> tuple[dict[str, _Known], set[str]]:  # fmt: skip
    """The stored posts by `uri`, and which of the ids in question another stored post has."""
    asked = select(_p.id, _p.native_id, _p.uri, t.accounts.c.handle).outerjoin(
        t.accounts, t.accounts.c.id == _p.account_id
    )
    known: dict[str, _Known] = {}
    for uris in _chunks(list(named)):
        for row in connection.execute(asked.where(_p.network == network, _p.uri.in_(uris)).order_by(_p.id)):
            known.setdefault(row.uri, _Known(*row))
    changed = {one[-1].id for uri, one in named.items() if uri in known and known[uri].native_id != one[-1].id}
    taken: set[str] = set()
    for ids in _chunks(sorted(changed)):
        there = select(_p.native_id).where(_p.network == network, _p.native_id.in_(ids))
        taken.update(connection.execute(there).scalars())
    return known, taken


def _rename(connection: Connection, known: _Known, network: str, after: str) -> None:
    """Give a stored post its new id, wherever the old one stands."""
    before = known.native_id
    changed = update(t.posts).where(_p.id == known.id).values(native_id=after).returning(_p.conversation_id)
    conversation_id = connection.execute(changed).scalar()
    for key in (_p.in_reply_to, _p.root_id, t.conversations.c.thread):
        where = key.table.c.network == network, key == before
        connection.execute(update(key.table).where(*where).values({key.name: after}))
    here = t.replies.c.conversation_id == conversation_id
    connection.execute(update(t.replies).where(here, t.replies.c.native_id == before).values(native_id=after))


def _under(post: Post, became: dict[tuple[str, str], str]) -> Post:
    """The same post with the ids of now."""

    def now(native_id: str | None) -> str | None:
        return native_id and became.get((post.network, native_id), native_id)

    root = _under(post.root, became) if post.root else None
    return replace(
        post, id=now(post.id) or post.id, in_reply_to=now(post.in_reply_to), root_id=now(post.root_id), root=root
    )  # fmt: skip


def _chunks(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
