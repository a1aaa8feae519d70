"""Posts in: one conversation for one customer's thread, reposts folded into their root.

`take_in` is one transaction. What a thread means is decided by `freshness.standing` from all its posts in the
order they were written, so that it does not matter in which order they reach us, nor how often.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.config import Config
from tui.desk import priority
from tui.desk.freshness import Standing, Word, account_name, addressed, handles_in, standing
from tui.networks.records import Post as NetworkPost
from tui.store import log
from tui.store import tables as t

AGENT = "intake"
"""Who stands in the event log for what the networks brought."""
PREVIEW_CHARACTERS = 300
OWN_WORDS = 3
"""A quote with at least so many words of its own is a complaint of its own."""

_NOT_OWN = re.compile(r"https?://\S+|[@#]\S+")
_WORD = re.compile(r"\w+")
_CHUNK = 900


@dataclass(slots=True)
class Taken:
    """What one batch brought: new posts, posts already known, and how many of those had changed."""

    added: int = 0
    known: int = 0
    changed: int = 0


@dataclass(slots=True)
class _Ref:
    """A stored post, as far as others refer to it."""

    id: int
    author_id: int
    conversation_id: int | None
    account_id: int | None
    ours: bool
    text: str
    deleted: bool


@dataclass(slots=True)
class _Thread:
    """A conversation this batch touches."""

    id: int
    network: str
    author_id: int
    thread: str
    private: bool
    account_id: int | None
    row: dict[str, Any] | None = None
    """As stored before this batch; None: opened by it."""
    words: list[Word] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)
    """What reached it: `word`, `answer`, `repost`, `edit`, `gone`."""


def take_in(
    session: Session, posts: Sequence[NetworkPost], *, now: Millis, config: Config, history: bool = False
) -> Taken:
    """Store posts and bring their conversations up to date. `history`: absent `seen_at` means the post's own time."""
    return _Batch(session, now, config, history).run(posts)


def ensure_account(session: Session, network: str, handle: str, now: Millis) -> int:
    """The id of an account of ours; it exists from now on."""
    name = account_name(handle)
    found = session.execute(
        select(t.accounts.c.id).where(t.accounts.c.network == network, t.accounts.c.name == name)
    ).scalar()
    if found is not None:
        return int(found)
    display = "@" + handle.removeprefix("@")
    made = session.execute(
        insert(t.accounts).values(network=network, handle=display, name=name, created_at=now).returning(t.accounts.c.id)
    ).scalar_one()
    log.append(session, "account.added", at=now, agent=AGENT, network=network, handle=display)
    return int(made)


class _Batch:
    def __init__(self, session: Session, now: Millis, config: Config, history: bool) -> None:
        self.session = session
        self.connection = session.connection()
        self.now = now
        self.config = config
        self.history = history
        self.taken = Taken()
        self.refs: dict[tuple[str, str], _Ref] = {}
        self.threads: dict[int, _Thread] = {}
        self.by_key: dict[tuple[str, int, str, bool], int] = {}
        self.new_posts: list[dict[str, Any]] = []
        self.versions: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.adopted: list[dict[str, Any]] = []
        self.followers: dict[int, int] = {}
        self.merged: list[tuple[int, int]] = []
        """Pairs of conversations: the first is folded into the second."""
        self.orphans: dict[tuple[str, str], list[_Ref]] = defaultdict(list)
        self.waiting_children: dict[tuple[str, str], list[int]] = defaultdict(list)

    def run(self, posts: Sequence[NetworkPost]) -> Taken:
        flat = self._with_roots(posts)
        self._load_accounts(flat)
        self._load_refs(flat)
        self._load_authors(flat)
        self._load_children(flat)
        self.next_post = self._next_id(t.posts)
        self.next_conversation = self._next_id(t.conversations)
        self._count(posts)
        for post in _parents_first(flat):
            ref = self.refs.get((post.network, post.id))
            if ref is None:
                self._add(post)
            else:
                self._again(post, ref)
        self._load_words()
        self._write()
        return self.taken

    # -- what is known already ------------------------------------------------------------------

    @staticmethod
    def _with_roots(posts: Sequence[NetworkPost]) -> list[NetworkPost]:
        """Embedded originals beside the posts that carry them, in the order of writing."""
        roots = [p.root for p in posts if p.root is not None]
        return sorted([*roots, *posts], key=lambda post: post.created_at)

    def _count(self, posts: Sequence[NetworkPost]) -> None:
        """What was asked for is counted; embedded originals come along uncounted."""
        met = set(self.refs)
        for post in posts:
            if (post.network, post.id) in met:
                self.taken.known += 1
            else:
                self.taken.added += 1
                met.add((post.network, post.id))

    def _load_accounts(self, posts: Sequence[NetworkPost]) -> None:
        named = {(p.network, p.account) for p in posts if p.account}
        for network, handle in sorted(named, key=str):
            ensure_account(self.session, network, str(handle), self.now)
        self.accounts: dict[tuple[str, str], int] = {}
        self.names: dict[str, tuple[str, ...]] = defaultdict(tuple)
        self.handles: dict[int, str] = {}
        for row in self.connection.execute(select(t.accounts)):
            self.accounts[row.network, row.name] = row.id
            self.names[row.network] += (row.name,)
            self.handles[row.id] = row.handle

    def _load_refs(self, posts: Sequence[NetworkPost]) -> None:
        wanted = {(p.network, native) for p in posts for native in (p.id, p.in_reply_to, p.root_id) if native}
        columns = (
            t.posts.c.network, t.posts.c.native_id, t.posts.c.id, t.posts.c.author_id, t.posts.c.conversation_id,
            t.posts.c.account_id, t.posts.c.ours, t.posts.c.text, t.posts.c.deleted,
        )  # fmt: skip
        for network, natives in _by_network(wanted):
            statement = select(*columns).where(t.posts.c.network == network, t.posts.c.native_id.in_(natives))
            for row in self.connection.execute(statement):
                self.refs[row[0], row[1]] = _Ref(*row[2:])

    def _load_authors(self, posts: Sequence[NetworkPost]) -> None:
        newest = {(p.network, p.author.id): p.author for p in posts}
        self.authors: dict[tuple[str, str], int] = {}
        stored: dict[tuple[str, str], Any] = {}
        for network, natives in _by_network(newest):
            statement = select(t.authors).where(t.authors.c.network == network, t.authors.c.native_id.in_(natives))
            for row in self.connection.execute(statement):
                stored[network, row.native_id] = row
                self.authors[network, row.native_id] = row.id
        next_id = self._next_id(t.authors)
        added: list[dict[str, Any]] = []
        for (network, native), author in newest.items():
            values = {
                "network": network, "native_id": native, "handle": author.handle, "name": author.name,
                "followers": author.followers, "verified": author.verified,
            }  # fmt: skip
            known = stored.get((network, native))
            if known is None:
                self.authors[network, native] = next_id + len(added)
                added.append({"id": next_id + len(added), **values})
                self.followers[added[-1]["id"]] = author.followers
            elif (known.handle, known.name, known.followers, known.verified) != (
                author.handle, author.name or known.name, author.followers or known.followers, author.verified,
            ):  # fmt: skip
                values |= {"name": author.name or known.name, "followers": author.followers or known.followers}
                self.connection.execute(update(t.authors).where(t.authors.c.id == known.id).values(values))
        if added:
            self.connection.execute(insert(t.authors), added)

    def _load_children(self, posts: Sequence[NetworkPost]) -> None:
        """Stored posts and conversations that were waiting for one of these to arrive."""
        new = {(p.network, p.id) for p in posts if (p.network, p.id) not in self.refs}
        for network, natives in _by_network(new):
            ours = select(
                t.posts.c.in_reply_to, t.posts.c.id, t.posts.c.author_id, t.posts.c.conversation_id,
                t.posts.c.account_id, t.posts.c.ours, t.posts.c.text, t.posts.c.deleted,
            ).where(
                t.posts.c.network == network, t.posts.c.in_reply_to.in_(natives),
                t.posts.c.conversation_id.is_(None), t.posts.c.ours,
            )  # fmt: skip
            for row in self.connection.execute(ours):
                self.orphans[network, row[0]].append(_Ref(*row[1:]))
            below = select(t.conversations).where(
                t.conversations.c.network == network, t.conversations.c.thread.in_(natives)
            )
            for row in self.connection.execute(below):
                self._stored_thread(row)
                self.waiting_children[network, row.thread].append(row.id)

    def _next_id(self, table: Any) -> int:
        """The first free id. Safe because this transaction holds the only write lock."""
        return int(self.connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()) + 1

    # -- one post -------------------------------------------------------------------------------

    def _again(self, post: NetworkPost, ref: _Ref) -> None:
        """A post we have: only a new text or its deletion matters."""
        if post.deleted and not ref.deleted:
            self._change(post, ref, "gone", "post.deleted", deleted=True)
        elif post.text != ref.text and not post.deleted and not ref.deleted:
            self.versions.append({"post_id": ref.id, "text": ref.text, "replaced_at": self.now})
            self._change(post, ref, "edit", "post.edited", text=post.text)

    def _change(self, post: NetworkPost, ref: _Ref, what: str, kind: str, **values: Any) -> None:
        self.taken.changed += 1
        for pending in self.new_posts:
            if pending["id"] == ref.id:
                pending.update(values)
                break
        else:
            self.connection.execute(update(t.posts).where(t.posts.c.id == ref.id).values(values))
        ref.text, ref.deleted = values.get("text", ref.text), values.get("deleted", ref.deleted)
        if ref.conversation_id is not None:
            thread = self._thread(ref.conversation_id)
            thread.fresh.add(what)
            thread.words = [w._replace(**values) if w.id == ref.id else w for w in thread.words]
        self._event(kind, ref.conversation_id, post=ref.id, network=post.network, native_id=post.id)

    def _add(self, post: NetworkPost) -> None:
        author_id = self.authors[post.network, post.author.id]
        own_account = self.accounts.get((post.network, account_name(post.author.handle)))
        ours = post.by_us or own_account is not None
        parent = self.refs.get((post.network, post.in_reply_to or ""))
        root = self.refs.get((post.network, post.root_id or "")) if post.kind in ("repost", "quote") else None
        about_us = bool((parent and parent.ours) or (root and root.ours and post.kind == "quote"))
        whom = addressed(post.text, post.kind, self.names[post.network], answers_us=about_us)
        account_id = own_account if ours and own_account else self._account_of(post, parent, root)
        ref = _Ref(self.next_post, author_id, None, account_id, ours, post.text, post.deleted)
        self.next_post += 1
        self.refs[post.network, post.id] = ref
        thread = self._thread_for(post, ref, parent, root)
        seen_at = post.seen_at or (post.created_at if self.history else self.now)
        if thread is not None:
            ref.conversation_id = thread.id
            thread.account_id = thread.account_id or account_id
            word = Word(
                ref.id, author_id, post.author.handle, post.kind, post.text,
                post.created_at, seen_at, ours, post.deleted, whom,
            )  # fmt: skip
            thread.words.append(word)
            thread.fresh.add("answer" if ours else "repost" if thread.author_id != author_id else "word")
            if post.kind == "quote" and root and root.conversation_id not in (None, thread.id):
                brought = self._thread(root.conversation_id or 0)
                brought.words.append(word)
                brought.fresh.add("repost")
        self._adopt(post, ref)
        self.new_posts.append(
            {
                "id": ref.id,
                "network": post.network,
                "native_id": post.id,
                "account_id": account_id,
                "author_id": author_id,
                "conversation_id": ref.conversation_id,
                "kind": post.kind,
                "text": post.text,
                "created_at": post.created_at,
                "seen_at": seen_at,
                "in_reply_to": post.in_reply_to,
                "root_id": post.root_id,
                "url": post.url,
                "reposts": post.reposts,
                "likes": post.likes,
                "media": list(post.media) or None,
                "lang": post.lang,
                "deleted": post.deleted,
                "ours": ours,
                "addressed": whom,
                "reply_allowed": post.reply_allowed,
            }
        )

    def _account_of(self, post: NetworkPost, parent: _Ref | None, root: _Ref | None) -> int | None:
        """Named by the network, else mentioned, else that of the thread, else our only one there."""
        if post.account:
            return self.accounts[post.network, account_name(post.account)]
        mentioned = [self.accounts.get((post.network, handle)) for handle in handles_in(post.text)]
        above = [ref.account_id for ref in (parent, root) if ref is not None]
        for account_id in (*mentioned, *above):
            if account_id is not None:
                return account_id
        names = self.names[post.network]
        return self.accounts[post.network, names[0]] if len(names) == 1 else None

    def _thread_for(self, post: NetworkPost, ref: _Ref, parent: _Ref | None, root: _Ref | None) -> _Thread | None:
        if ref.ours:
            stands_in = parent.conversation_id if parent else None
            return None if stands_in is None else self._thread(stands_in)
        folds = post.kind == "repost" or (post.kind == "quote" and not _own_words(post.text))
        if folds and root is not None:
            return None if root.conversation_id is None else self._thread(root.conversation_id)
        private = post.kind == "dm"
        above = self._thread(parent.conversation_id) if parent and parent.conversation_id is not None else None
        if above is not None and above.author_id == ref.author_id and above.private == private:
            return above
        if private:
            key = "dm"
        elif above is not None and not above.private:
            key = above.thread
        else:
            key = (post.root_id if folds else post.in_reply_to) or post.id
        return self._keyed(post.network, ref.author_id, key, private, post.id)

    def _keyed(self, network: str, author_id: int, key: str, private: bool, native_id: str) -> _Thread:
        """The conversation of this author on this thread, stored or opened now."""
        found = self.by_key.get((network, author_id, key, private))
        if found is not None:
            return self.threads[found]
        for child in self.waiting_children.get((network, native_id), ()):
            thread = self.threads.get(child)
            if thread is not None and thread.author_id == author_id and thread.private == private:
                thread.thread = key
                self.by_key[network, author_id, key, private] = child
                return thread
        if key != native_id:
            stored = self.connection.execute(
                select(t.conversations).where(
                    t.conversations.c.author_id == author_id,
                    t.conversations.c.thread == key,
                    t.conversations.c.private == private,
                )
            ).first()
            if stored is not None:
                return self._stored_thread(stored)
        thread = _Thread(self.next_conversation, network, author_id, key, private, None)
        self.next_conversation += 1
        self._remember(thread)
        return thread

    def _adopt(self, post: NetworkPost, ref: _Ref) -> None:
        """What waited for this post: our own answers to it, and reposts or replies that came before it."""
        here = (post.network, post.id)
        for orphan in self.orphans.pop(here, ()):
            if ref.conversation_id is None:
                continue
            self.adopted.append({"post": orphan.id, "conversation": ref.conversation_id})
            self._thread(ref.conversation_id).fresh.add("answer")
        for child in self.waiting_children.pop(here, ()):
            thread = self.threads[child]
            if ref.conversation_id not in (None, child) and self._folds(thread, post, ref):
                self._merge(thread, self._thread(ref.conversation_id or 0))

    def _folds(self, child: _Thread, post: NetworkPost, ref: _Ref) -> bool:
        """A conversation that was opened for want of this post: its reposts, or its author's own replies."""
        self._load_words(child)
        reposts = all(word.kind in ("repost", "quote") for word in child.words) and post.kind != "repost"
        return child.author_id == ref.author_id or reposts

    def _merge(self, gone: _Thread, into: _Thread) -> None:
        """Fold one conversation into another, unless somebody works on it."""
        if gone.row is None or gone.row["owner"] or gone.row["state"] == "claimed":
            return
        self._load_words(gone)
        into.words += gone.words
        into.fresh.add("word" if gone.author_id == into.author_id else "repost")
        into.account_id = into.account_id or gone.account_id
        for word in gone.words:
            self.adopted.append({"post": word.id, "conversation": into.id})
        self.merged.append((gone.id, into.id))
        del self.threads[gone.id]
        for ref in self.refs.values():
            if ref.conversation_id == gone.id:
                ref.conversation_id = into.id

    # -- conversations --------------------------------------------------------------------------

    def _thread(self, conversation_id: int) -> _Thread:
        found = self.threads.get(conversation_id)
        if found is None:
            row = self.connection.execute(select(t.conversations).where(t.conversations.c.id == conversation_id)).one()
            found = self._stored_thread(row)
        return found

    def _stored_thread(self, row: Any) -> _Thread:
        if row.id not in self.threads:
            self._remember(
                _Thread(row.id, row.network, row.author_id, row.thread, row.private, row.account_id, row._asdict())
            )
        return self.threads[row.id]

    def _remember(self, thread: _Thread) -> None:
        self.threads[thread.id] = thread
        self.by_key[thread.network, thread.author_id, thread.thread, thread.private] = thread.id

    def _load_words(self, only: _Thread | None = None) -> None:
        """The stored posts of touched conversations, and the quotes elsewhere that point at them."""
        chosen = [only] if only else [t for t in self.threads.values() if t.fresh]
        stored = [t.id for t in chosen if t.row is not None and "loaded" not in t.fresh]
        for ids in _chunks(stored):
            for row in self.connection.execute(_WORDS_OF, {"ids": ids}):
                self.threads[row[0]].words.append(Word(*row[1:]))
            for row in self.connection.execute(_QUOTES_OF, {"ids": ids}):
                self.threads[row[0]].words.append(Word(*row[1:]))
        for conversation_id in stored:
            self.threads[conversation_id].fresh.add("loaded")

    # -- writing --------------------------------------------------------------------------------

    def _write(self) -> None:
        opened: list[dict[str, Any]] = []
        for thread in self.threads.values():
            if thread.fresh - {"loaded"} and thread.words:
                values = self._values(thread)
                if thread.row is None:
                    opened.append({"id": thread.id, **values})
                else:
                    self.connection.execute(
                        update(t.conversations).where(t.conversations.c.id == thread.id).values(values)
                    )
        for table, rows in ((t.conversations, opened), (t.posts, self.new_posts)):
            if rows:
                self.connection.execute(insert(table), rows)
        if self.versions:
            self.connection.execute(insert(t.post_versions), self.versions)
        if self.adopted:
            self.connection.execute(
                update(t.posts)
                .where(t.posts.c.id == bindparam("post"))
                .values(conversation_id=bindparam("conversation")),
                self.adopted,
            )
        for gone, into in self.merged:
            self._forget(gone, into)
        log.append_all(self.session, self.events)

    def _forget(self, gone: int, into: int) -> None:
        for table in (t.notes, t.replies, t.events):
            self.session.execute(update(table).where(table.c.conversation_id == gone).values(conversation_id=into))
        for keyed in (t.skips, t.seen, t.drafts):
            self.session.execute(delete(keyed).where(keyed.c.conversation_id == gone))
        self.connection.execute(delete(t.conversations).where(t.conversations.c.id == gone))
        self._event("conversation.merged", into, merged=gone)

    def _values(self, thread: _Thread) -> dict[str, Any]:
        """What the conversation's row says after this batch."""
        old = thread.row or {}
        words = list({word.id: word for word in thread.words}.values())
        settings = self.config.account(thread.network, self.handles.get(thread.account_id or 0))
        stands = standing(words, thread.author_id, settings.horizon, old.get("settled_at"))
        state = self._state(thread, old.get("state"), stands)
        reasons = self._reasons(thread, stands)
        values = {
            "network": thread.network, "account_id": thread.account_id, "author_id": thread.author_id,
            "thread": thread.thread, "private": thread.private, "state": state,
            "rank": priority.rank(stands.waiting_since or stands.customer_at, reasons),
            "reasons": reasons, "addressed": stands.addressed, "posted_at": stands.posted_at,
            "customer_at": stands.customer_at, "answered_at": stands.answered_at,
            "waiting_since": stands.waiting_since, "surfaced_at": stands.surfaced_at,
            "surfaced_by": stands.surfaced_by, "resurfaces_at": stands.resurfaces_at,
            "reposts": stands.reposts, "preview": stands.text[:PREVIEW_CHARACTERS],
        }  # fmt: skip
        if old.get("state") == "snoozed" and state != "snoozed":
            values["timer_at"] = None
        return values

    def _reasons(self, thread: _Thread, stands: Standing) -> list[dict[str, Any]]:
        resurfaced = stands.resurfaces_at is not None and stands.resurfaces_at <= self.now
        return priority.reasons(
            stands,
            followers=self._followers_of(thread.author_id),
            private=thread.private,
            resurfaced=resurfaced,
            reopened=stands.answered_at is not None,
        )

    def _followers_of(self, author_id: int) -> int:
        if author_id not in self.followers:
            statement = select(t.authors.c.followers).where(t.authors.c.id == author_id)
            self.followers[author_id] = int(self.connection.execute(statement).scalar_one())
        return self.followers[author_id]

    def _state(self, thread: _Thread, old: str | None, stands: Standing) -> str:
        """The state after this batch, with the event that says what happened."""
        waits = stands.waiting_since is not None
        if old is None:
            state = "new" if waits else "pending"
            self._event("conversation.opened", thread.id, state=state)
            return state
        if "word" in thread.fresh:
            reopens = old in ("pending", "snoozed", "resolved") and waits
            self._event("conversation.reopened" if reopens else "post.arrived", thread.id, **{"from": old})
            return "new" if reopens else old
        if "repost" in thread.fresh:
            self._event("post.reposted", thread.id, by=stands.surfaced_by, reposts=stands.reposts)
        if old == "new" and not waits:
            kind = "conversation.answered" if "answer" in thread.fresh else "conversation.emptied"
            self._event(kind, thread.id)
            return "pending" if "answer" in thread.fresh else "resolved"
        if "answer" in thread.fresh:
            self._event("conversation.answered", thread.id)
        return old

    def _event(self, kind: str, conversation_id: int | None, **data: Any) -> None:
        self.events.append(log.row(kind, at=self.now, agent=AGENT, conversation_id=conversation_id, **data))


_WORD_COLUMNS = (
    t.posts.c.id, t.posts.c.author_id, t.authors.c.handle, t.posts.c.kind, t.posts.c.text, t.posts.c.created_at,
    t.posts.c.seen_at, t.posts.c.ours, t.posts.c.deleted, t.posts.c.addressed,
)  # fmt: skip
_WORDS_OF = (
    select(t.posts.c.conversation_id, *_WORD_COLUMNS)
    .join(t.authors, t.authors.c.id == t.posts.c.author_id)
    .where(t.posts.c.conversation_id.in_(bindparam("ids", expanding=True)))
)
_root = t.posts.alias("root")
_QUOTES_OF = (
    select(_root.c.conversation_id, *_WORD_COLUMNS)
    .join(t.posts, (t.posts.c.network == _root.c.network) & (t.posts.c.root_id == _root.c.native_id))
    .join(t.authors, t.authors.c.id == t.posts.c.author_id)
    .where(
        _root.c.conversation_id.in_(bindparam("ids", expanding=True)),
        t.posts.c.kind == "quote",
        t.posts.c.conversation_id != _root.c.conversation_id,
    )
)


def _parents_first(posts: Sequence[NetworkPost]) -> list[NetworkPost]:
    """The order of writing, but what a post points at stands before it even where the clocks disagree."""
    index = {(post.network, post.id): post for post in reversed(posts)}
    placed: set[int] = set()
    ordered: list[NetworkPost] = []
    for post in posts:
        above = [post]
        while True:
            top = above[-1]
            target = top.in_reply_to or top.root_id
            parent = index.get((top.network, target)) if target else None
            if parent is None or id(parent) in placed or any(parent is met for met in above):
                break
            above.append(parent)
        for earlier in reversed(above):
            if id(earlier) not in placed:
                placed.add(id(earlier))
                ordered.append(earlier)
    return ordered


def _own_words(text: str) -> bool:
    words = _WORD.findall(_NOT_OWN.sub(" ", text))
    unspaced = any(len(word) >= 2 * OWN_WORDS and not word.isascii() for word in words)
    return len(words) >= OWN_WORDS or unspaced


def _by_network(keys: Iterable[tuple[str, str]]) -> Iterable[tuple[str, list[str]]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for network, native in keys:
        grouped[network].append(native)
    for network, natives in grouped.items():
        for chunk in _chunks(natives):
            yield network, chunk


def _chunks(items: Sequence[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(items), _CHUNK):
        yield list(items[start : start + _CHUNK])
