"""Posts in: one conversation for one customer's thread, reposts folded into their root.

`take_in` is one transaction. What a thread means is decided by `freshness.standing` from all its posts in the
order they were written, so that it does not matter in which order they reach us, nor how often.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, union, update
from sqlmodel import Session

from tui.clock import Millis
from tui.config import Config
from tui.desk import priority
from tui.desk.freshness import Standing, Word, account_name, addressed, handles_in, resting, standing
from tui.desk.same_post import one_id_each
from tui.networks.records import Post as NetworkPost
from tui.private import mask
from tui.store import log
from tui.store import tables as t
from tui.store.bulk import insert_rows, next_id

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
    """A post, stored or of this batch, as far as placing and referring to it need it."""

    network: str
    word: Word
    conversation_id: int | None
    account_id: int | None
    in_reply_to: str | None
    root_id: str | None

    @property
    def folds(self) -> bool:
        """A repost, or a quote with next to no words of its own: it belongs to its root."""
        word = self.word
        return word.kind == "repost" or (word.kind == "quote" and not word.ours and not _own_words(word.text))

    @property
    def follows(self) -> bool:
        """It stands where the post above it stands, whoever wrote that."""
        return self.word.ours or self.folds

    @property
    def above(self) -> str | None:
        """The native id of the post it hangs on."""
        target = self.root_id if self.folds and not self.word.ours else self.in_reply_to
        return None if target == self.word.native_id else target


@dataclass(slots=True)
class _Thread:
    """A conversation this batch touches."""

    id: int
    network: str
    author_id: int
    thread: str
    """The topmost post of its chain of replies, known or not; `_PRIVATE` for everything private."""
    private: bool
    account_id: int | None
    row: dict[str, Any] | None = None
    """As stored before this batch; None: opened by it."""
    words: dict[int, Word] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    """What reached it: `word`, `answer`, `repost`, `edit`, `gone`, `place`."""
    loaded: bool = False
    worked_on: bool | None = None
    """Somebody holds it, writes, wrote or left a note. None: not looked up yet."""
    heir: int | None = None
    """Where the last of its posts that left it went."""


def take_in(
    session: Session,
    posts: Sequence[NetworkPost],
    *,
    now: Millis,
    config: Config,
    history: bool = False,
    context: bool = False,
) -> Taken:
    """Store posts and bring their conversations up to date. `history`: absent `seen_at` means the post's own time.

    `context`: they stand around a post we have, are history, and open no conversation.
    """
    return _Batch(session, now, config, history or context, context).run(posts)


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
    def __init__(self, session: Session, now: Millis, config: Config, history: bool, context: bool) -> None:
        self.session = session
        self.connection = session.connection()
        self.now = now
        self.config = config
        self.history = history
        self.context = context
        self.around: list[_Ref] = []
        """Customers' words that stand in no conversation, because they are context."""
        self.taken = Taken()
        self.refs: dict[tuple[str, str], _Ref] = {}
        self.threads: dict[int, _Thread] = {}
        self.by_key: dict[tuple[str, int, str, bool], int] = {}
        self.below: dict[tuple[str, str], dict[int, _Thread]] = defaultdict(dict)
        """Conversations by the topmost post of their chain."""
        self.hung: set[tuple[str, str]] = set()
        """The topmost posts whose stored conversations are all loaded."""
        self.pointing: dict[tuple[str, str], list[_Ref]] = defaultdict(list)
        """Posts that answer, repost or quote one which has just arrived, moved, or may still do so."""
        self.new_posts: list[tuple[NetworkPost, _Ref]] = []
        self.versions: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.changed: dict[int, dict[str, Any]] = defaultdict(dict)
        """New values of stored posts."""
        self.moved: dict[int, _Ref] = {}
        """Stored posts that stand elsewhere now."""
        self.followers: dict[int, int] = {}
        self.merged: dict[int, int | None] = {}
        """Conversations that are folded into another, or gone with their last post."""

    def run(self, posts: Sequence[NetworkPost]) -> Taken:
        posts = one_id_each(self.connection, posts)
        flat = self._with_roots(posts)
        self._load_accounts(flat)
        self._load_refs({(p.network, native) for p in flat for native in (p.id, p.in_reply_to, p.root_id) if native})
        self._load_authors(flat)
        self._count(posts)
        self._load_below([(p.network, p.id) for p in flat if (p.network, p.id) not in self.refs])
        self._claim_as_ours()
        self.next_post = next_id(self.connection, t.posts)
        self.next_conversation = self.first_opened = next_id(self.connection, t.conversations)
        for post in _parents_first(flat):
            ref = self.refs.get((post.network, post.id))
            if ref is None:
                self._add(post)
            else:
                self._again(post, ref)
        self._place_context()
        self._load_words([thread for thread in self.threads.values() if thread.fresh])
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
        known = {tuple(row) for row in self.connection.execute(select(t.accounts.c.network, t.accounts.c.name))}
        for network, handle in sorted(named, key=str):
            ensure_account(self.session, network, str(handle), self.now)
        met = {(network, account_name(str(handle))) for network, handle in named}
        self.new_accounts = sorted(met - known)
        self.accounts: dict[tuple[str, str], int] = {}
        self.names: dict[str, tuple[str, ...]] = defaultdict(tuple)
        self.handles: dict[int, str] = {}
        for row in self.connection.execute(select(t.accounts)):
            self.accounts[row.network, row.name] = row.id
            self.names[row.network] += (row.name,)
            self.handles[row.id] = row.handle

    def _load_refs(self, wanted: set[tuple[str, str]]) -> None:
        """Stored posts by id, and what those hang on that stand in no conversation."""
        while wanted:
            found: list[_Ref] = []
            for network, natives in _by_network(wanted):
                chosen = _REFS.where(t.posts.c.network == network, t.posts.c.native_id.in_(natives))
                found += [self._stored_ref(row) for row in self.connection.execute(chosen)]
            above = {(ref.network, ref.above) for ref in found if ref.conversation_id is None and ref.above}
            wanted = {key for key in above if key not in self.refs}

    def _stored_ref(self, row: Any) -> _Ref:
        conversation_id, account_id, network, in_reply_to, root_id, *word = row
        made = _Ref(network, Word(*word), self._now_at(conversation_id), account_id, in_reply_to, root_id)
        return self.refs.setdefault((network, made.word.native_id), made)

    def _load_authors(self, posts: Sequence[NetworkPost]) -> None:
        newest = {(p.network, p.author.id): p.author for p in posts}
        self.authors: dict[tuple[str, str], int] = {}
        stored: dict[tuple[str, str], Any] = {}
        for network, natives in _by_network(newest):
            statement = select(t.authors).where(t.authors.c.network == network, t.authors.c.native_id.in_(natives))
            for row in self.connection.execute(statement):
                stored[network, row.native_id] = row
                self.authors[network, row.native_id] = row.id
                self.followers[row.id] = row.followers
        first = next_id(self.connection, t.authors)
        added: list[dict[str, Any]] = []
        for (network, native), author in newest.items():
            values = {
                "network": network, "native_id": native, "handle": author.handle, "name": author.name,
                "followers": author.followers, "verified": author.verified,
            }  # fmt: skip
            known = stored.get((network, native))
            if known is None:
                self.authors[network, native] = first + len(added)
                added.append({"id": first + len(added), **values})
                self.followers[added[-1]["id"]] = author.followers
            elif (known.handle, known.name, known.followers, known.verified) != (
                author.handle, author.name or known.name, author.followers or known.followers, author.verified,
            ):  # fmt: skip
                values |= {"name": author.name or known.name, "followers": author.followers or known.followers}
                self.connection.execute(update(t.authors).where(t.authors.c.id == known.id).values(values))
        insert_rows(self.connection, t.authors, added)

    def _claim_as_ours(self) -> None:
        """An account is known from now on: what came under its handle before was ours all the time."""
        for network, name in self.new_accounts:
            written = _REFS.where(t.posts.c.network == network, func.lower(t.authors.c.handle) == name, ~t.posts.c.ours)
            found = [self._stored_ref(row) for row in self.connection.execute(written)]
            self._load_refs({(network, ref.in_reply_to) for ref in found if ref.in_reply_to})
            self._load_below([(network, ref.word.native_id) for ref in found])
            for ref in found:
                old = None if ref.conversation_id is None else self._thread(ref.conversation_id)
                ref.account_id = self.accounts[network, name]
                self._reword(ref, "place", ours=True)
                self.changed[ref.word.id]["account_id"] = ref.account_id
                if old is not None and not self._worked_on(old):
                    self._load_words([old])
                    home = self._home(ref)
                    old.words.pop(ref.word.id, None)
                    old.fresh.add("place")
                    old.heir = None if home is None else home.id
                    self.moved[ref.word.id] = ref
                    self._stand(ref, home)
                    self._gather(ref, old)

    def _load_below(self, keys: Iterable[tuple[str, str]]) -> None:
        """Stored posts that point at these, and stored conversations that hang below them."""
        met: set[int] = set()
        for network, natives in _by_network(keys):
            for pointer in (t.posts.c.in_reply_to, t.posts.c.root_id):
                pointing = _REFS.where(t.posts.c.network == network, pointer.in_(natives))
                for row in self.connection.execute(pointing):
                    ref = self._stored_ref(row)
                    self.pointing[network, getattr(ref, pointer.name)].append(ref)
                    if ref.follows and ref.conversation_id is not None:
                        met.add(ref.conversation_id)
            hanging = select(t.conversations).where(
                t.conversations.c.network == network, t.conversations.c.thread.in_(natives)
            )
            for row in self.connection.execute(hanging):
                if row.id not in self.merged:
                    self._stored_thread(row)
            self.hung.update((network, native) for native in natives)
        self._load_threads(met - self.threads.keys())

    # -- one post -------------------------------------------------------------------------------

    def _again(self, post: NetworkPost, ref: _Ref) -> None:
        """A post we have: only a new text, its deletion or a lock matters. Masked or not, it is the same text."""
        word = ref.word
        if not (self.context or word.ours or ref.folds or ref.conversation_id is not None):
            self._of_its_own(ref)
        if not post.reply_allowed:
            self._deny(post, ref)
        if word.ours and post.uri:
            self.changed[word.id]["uri"] = post.uri
        if post.deleted and not word.deleted:
            self._change(ref, "gone", "post.deleted", deleted=True)
        elif not (post.deleted or word.deleted) and mask(post.text) != mask(word.text):
            if word.ours and self._first_seen_there(ref):
                self.changed[word.id]["text"] = self._kept(post.text, ref.network, ref.account_id)
                return
            earlier, newest = (self._kept(text, ref.network, ref.account_id) for text in (word.text, post.text))
            self.versions.append({"post_id": word.id, "text": earlier, "replaced_at": self.now})
            self._change(ref, "edit", "post.edited", text=newest)

    def _first_seen_there(self, ref: _Ref) -> bool:
        """A reply that left here has come back as its network shows it, with its links shortened: that is no edit."""
        r, p = t.replies.c, t.posts.c
        left_here = select(r.id).where(r.conversation_id == ref.conversation_id, r.native_id == ref.word.native_id)
        unseen = select(p.id).where(p.id == ref.word.id, p.uri.is_(None))
        return all(self.connection.execute(asked).first() is not None for asked in (left_here, unseen))

    def _deny(self, post: NetworkPost, ref: _Ref) -> None:
        """The network takes no reply any more; another reason for it is news too, none given is not."""
        c = t.posts.c
        known = self.connection.execute(select(c.reply_allowed, c.reply_denied).where(c.id == ref.word.id)).first()
        denied = post.reply_denied or (known.reply_denied if known else None)
        if known is not None and (known.reply_allowed or known.reply_denied != denied):
            self.taken.changed += 1
            self.changed[ref.word.id] |= {"reply_allowed": False, "reply_denied": denied}
            self._event("post.denied", ref.conversation_id, post=ref.word.id, why=denied)

    def _change(self, ref: _Ref, what: str, kind: str, **values: Any) -> None:
        self.taken.changed += 1
        self._reword(ref, what, **values)
        self._event(kind, ref.conversation_id, post=ref.word.id, network=ref.network, native_id=ref.word.native_id)

    def _reword(self, ref: _Ref, what: str, **values: Any) -> None:
        """Change what a post says, wherever it is looked at."""
        ref.word = ref.word._replace(**values)
        self.changed[ref.word.id] |= values
        root = self.refs.get((ref.network, ref.root_id or "")) if ref.word.kind == "quote" else None
        looked_at = {ref.conversation_id, root.conversation_id if root and ref.conversation_id is not None else None}
        for conversation_id in looked_at - {None}:
            thread = self._thread(conversation_id or 0)
            thread.words[ref.word.id] = ref.word
            thread.fresh.add(what)

    def _add(self, post: NetworkPost) -> None:
        own_account = self.accounts.get((post.network, account_name(post.author.handle)))
        ours = post.by_us or own_account is not None
        parent = self.refs.get((post.network, post.in_reply_to or ""))
        root = self.refs.get((post.network, post.root_id or "")) if post.kind in ("repost", "quote") else None
        about_us = bool((parent and parent.word.ours) or (root and root.word.ours and post.kind == "quote"))
        account_id = own_account if ours and own_account else self._account_of(post, parent, root)
        word = Word(
            id=self.next_post,
            native_id=post.id,
            author_id=self.authors[post.network, post.author.id],
            handle=post.author.handle,
            kind=post.kind,
            text=self._kept(post.text, post.network, account_id),
            created_at=post.created_at,
            seen_at=post.seen_at or (post.created_at if self.history else self.now),
            ours=ours,
            deleted=post.deleted,
            addressed=addressed(post.text, post.kind, self.names[post.network], answers_us=about_us),
        )
        self.next_post += 1
        ref = _Ref(post.network, word, None, account_id, post.in_reply_to, post.root_id)
        self.refs[post.network, post.id] = ref
        self.new_posts.append((post, ref))
        for target in {post.in_reply_to, post.root_id} - {None, post.id}:
            self.pointing[post.network, target or ""].append(ref)
        self._stand(ref, self._home(ref))
        if root is not None:
            self._bring(ref, root)
        self._gather(ref)

    def _kept(self, text: str, network: str, account_id: int | None) -> str:
        """What is stored of a text: its card numbers masked, unless the account it reached has it otherwise."""
        without = mask(text)
        if without == text or self.config.account(network, self.handles.get(account_id or 0)).mask_cards:
            return without
        return text

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

    # -- where a post stands --------------------------------------------------------------------

    def _home(self, ref: _Ref) -> _Thread | None:
        """Ours and what folds stand with the post above; a customer's word in their conversation on that thread."""
        above = self.refs.get((ref.network, ref.above or ""))
        if ref.follows and above is not None:
            return None if above.conversation_id is None else self._thread(above.conversation_id)
        if ref.word.ours:
            return None
        if self.context:
            self.around.append(ref)
            return None
        key, private = self._key(ref)
        return self._find(ref.network, ref.word.author_id, key, private) or self._open(ref, key, private)

    def _key(self, ref: _Ref) -> tuple[str, bool]:
        """On which thread a customer's word stands, and whether that is private."""
        private = ref.word.kind == "dm"
        return _PRIVATE if private else self._top(ref.network, ref.above or ref.word.native_id), private

    def _place_context(self) -> None:
        """Context stands in a conversation of its author on that thread, where there is one."""
        for ref in self.around:
            home = self._find(ref.network, ref.word.author_id, *self._key(ref))
            if home is not None:
                self._stand(ref, home)

    def _of_its_own(self, ref: _Ref) -> None:
        """What was context so far has come to us by itself: it stands where it would have stood."""
        self.moved[ref.word.id] = ref
        self._stand(ref, self._home(ref))

    def _top(self, network: str, native_id: str) -> str:
        """The topmost post of the chain that this one hangs on, as far as it is known."""
        climbed: list[str] = []
        while native_id not in climbed:
            ref = self.refs.get((network, native_id))
            if ref is None:
                return native_id
            if ref.conversation_id is not None:
                return self._thread(ref.conversation_id).thread
            climbed.append(native_id)
            if ref.above is None:
                return native_id
            native_id = ref.above
        return min(climbed[climbed.index(native_id) :])

    def _find(self, network: str, author_id: int, key: str, private: bool) -> _Thread | None:
        found = self.by_key.get((network, author_id, key, private))
        if found is not None:
            return self.threads[found]
        if (network, key) in self.hung:
            here = self.below[network, key].values()
            same = [one for one in here if (one.author_id, one.private) == (author_id, private)]
            return min(same, key=lambda one: one.id, default=None)
        c = t.conversations.c
        rows = self.connection.execute(
            select(t.conversations)
            .where(c.author_id == author_id, c.thread == key, c.private == private)
            .order_by(c.id)
        )
        for row in rows:
            if row.id not in self.merged and self._stored_thread(row).thread == key:
                return self.threads[row.id]
        return None

    def _open(self, ref: _Ref, key: str, private: bool) -> _Thread:
        thread = _Thread(self.next_conversation, ref.network, ref.word.author_id, key, private, None)
        self.next_conversation += 1
        self._remember(thread)
        return thread

    def _stand(self, ref: _Ref, thread: _Thread | None) -> None:
        """Put a post into its conversation."""
        ref.conversation_id = None
        if thread is not None:
            ref.conversation_id = thread.id
            thread.words[ref.word.id] = ref.word
            stranger = ref.word.kind == "repost" or thread.author_id != ref.word.author_id
            thread.fresh.add("answer" if ref.word.ours else "repost" if stranger else "word")
            thread.account_id = thread.account_id or ref.account_id

    def _bring(self, ref: _Ref, root: _Ref) -> None:
        """A quote with a conversation of its own also brings that of its root back."""
        apart = ref.conversation_id is not None and root.conversation_id not in (None, ref.conversation_id)
        if ref.word.kind == "quote" and ref.root_id == root.word.native_id and apart:
            thread = self._thread(root.conversation_id or 0)
            thread.words[ref.word.id] = ref.word
            thread.fresh.add("repost")

    def _gather(self, ref: _Ref, left: _Thread | None = None) -> None:
        """What pointed at this post before it was here, or stood with it before it left a conversation."""
        here = (ref.network, ref.word.native_id)
        moved: list[tuple[_Ref, _Thread | None]] = []
        for child in self.pointing.pop(here, ()):
            if left is not None and child.conversation_id != left.id:
                left.words.pop(child.word.id, None)
            if ref.word.ours and child.word.kind != "repost" and child.word.addressed != "direct":
                self._reword(child, "place", addressed="direct")
            if child.follows and child.above == ref.word.native_id:
                old = None if child.conversation_id is None else self._thread(child.conversation_id)
                if self._follow(child, old, ref):
                    moved.append((child, old))
            else:
                self._bring(child, ref)
        key = self._top(*here)
        for thread in list(self.below[here].values()):
            thread.account_id = thread.account_id or ref.account_id
            if key != thread.thread:
                self._rekey(thread, key)
        if moved:
            self._load_below([(child.network, child.word.native_id) for child, _ in moved])
            for child, old in moved:
                self._gather(child, old)

    def _follow(self, child: _Ref, old: _Thread | None, ref: _Ref) -> bool:
        """The child stands where its post stands; False where it stood there before, or somebody works on it."""
        if child.conversation_id == ref.conversation_id or (old is not None and self._worked_on(old)):
            return False
        if old is not None:
            old.words.pop(child.word.id, None)
            old.fresh.add("place")
            old.heir = ref.conversation_id
        self.moved[child.word.id] = child
        self._stand(child, None if ref.conversation_id is None else self._thread(ref.conversation_id))
        return True

    def _rekey(self, thread: _Thread, key: str) -> None:
        """The chain of a conversation goes on further up; it may lead to one that its author has already."""
        other = self._find(thread.network, thread.author_id, key, thread.private)
        if other is not None and not self._merge(thread, other):
            return
        keeps = thread if thread.id in self.threads else other
        if keeps is not None:
            self._lose(keeps)
            keeps.thread = key
            keeps.fresh.add("place")
            self._remember(keeps)

    def _merge(self, one: _Thread, other: _Thread) -> bool:
        """Fold two conversations into the one that is worked on, else the older; False where both are."""
        into, gone = sorted((one, other), key=lambda thread: (not self._worked_on(thread), thread.id))
        if self._worked_on(gone):
            return False
        self._load_words([into, gone])
        into.words = gone.words | into.words
        into.fresh |= gone.fresh | {"place", *(["word"] if gone.row and gone.row["state"] == "new" else ())}
        into.account_id = into.account_id or gone.account_id
        if into.row and gone.row:
            settled = [row["settled_at"] for row in (into.row, gone.row)]
            into.row["settled_at"] = None if None in settled else min(settled)
        for ref in self.refs.values():
            if ref.conversation_id == gone.id:
                ref.conversation_id = into.id
        self._lose(gone)
        del self.threads[gone.id]
        self.merged[gone.id] = into.id
        return True

    def _worked_on(self, thread: _Thread) -> bool:
        if thread.row is not None and thread.worked_on is None:
            self._load_traces([thread.id])
        return bool(thread.worked_on)

    # -- conversations --------------------------------------------------------------------------

    def _thread(self, conversation_id: int) -> _Thread:
        if conversation_id not in self.threads:
            self._load_threads({conversation_id})
        return self.threads[conversation_id]

    def _load_threads(self, wanted: set[int]) -> None:
        for ids in _chunks(sorted(wanted)):
            for row in self.connection.execute(select(t.conversations).where(t.conversations.c.id.in_(ids))):
                self._stored_thread(row)
            if len(wanted) > 1:
                self._load_traces(ids)

    def _load_traces(self, ids: list[int]) -> None:
        """Who is worked on among these: held, or with a draft, a reply or a note."""
        traces = [select(table.c.conversation_id).where(table.c.conversation_id.in_(ids)) for table in _TRACES]
        traced = set(self.connection.execute(union(*traces)).scalars())
        for thread in (self.threads[conversation_id] for conversation_id in ids):
            thread.worked_on = thread.id in traced or bool(thread.row and thread.row["owner"])

    def _stored_thread(self, row: Any) -> _Thread:
        if row.id not in self.threads:
            self._remember(
                _Thread(row.id, row.network, row.author_id, row.thread, row.private, row.account_id, row._asdict())
            )
        return self.threads[row.id]

    def _now_at(self, conversation_id: int | None) -> int | None:
        """The conversation that a stored one has become in this batch."""
        while conversation_id in self.merged:
            conversation_id = self.merged[conversation_id]
        return conversation_id

    def _remember(self, thread: _Thread) -> None:
        self.threads[thread.id] = thread
        self.by_key.setdefault((thread.network, thread.author_id, thread.thread, thread.private), thread.id)
        self.below[thread.network, thread.thread][thread.id] = thread

    def _lose(self, thread: _Thread) -> None:
        """Forget under which key a conversation stands."""
        key = (thread.network, thread.author_id, thread.thread, thread.private)
        if self.by_key.get(key) == thread.id:
            del self.by_key[key]
        self.below[thread.network, thread.thread].pop(thread.id, None)

    def _load_words(self, threads: Iterable[_Thread]) -> None:
        """The stored posts of conversations, and the quotes elsewhere that point at them."""
        chosen = {thread.id: thread for thread in threads if thread.row is not None and not thread.loaded}
        for ids in _chunks(list(chosen)):
            for query in (_WORDS_OF, _QUOTES_OF):
                for conversation_id, standing_id, *word in self.connection.execute(query, {"ids": ids}):
                    left = self.moved.get(standing_id)
                    if left is None or left.conversation_id == conversation_id:
                        chosen[conversation_id].words.setdefault(word[0], Word(*word))
        for thread in chosen.values():
            thread.loaded = True

    # -- writing --------------------------------------------------------------------------------

    def _write(self) -> None:
        opened: list[dict[str, Any]] = []
        for thread in self.threads.values():
            if thread.fresh and not thread.words and thread.row is not None:
                self.merged[thread.id] = self._now_at(thread.heir)
            elif thread.fresh and thread.words:
                values = self._values(thread)
                if thread.row is None:
                    opened.append({"id": thread.id, "epoch": 0, **values})
                else:
                    self.connection.execute(
                        update(t.conversations).where(t.conversations.c.id == thread.id).values(values)
                    )
        new = {ref.word.id for _, ref in self.new_posts}
        for table, rows in ((t.conversations, opened), (t.posts, [_row(post, ref) for post, ref in self.new_posts])):
            insert_rows(self.connection, table, rows)
        insert_rows(self.connection, t.post_versions, self.versions)
        for post_id, ref in self.moved.items():
            self.changed[post_id]["conversation_id"] = ref.conversation_id
        for post_id, values in self.changed.items():
            if post_id not in new:
                self.connection.execute(update(t.posts).where(t.posts.c.id == post_id).values(values))
        self._forget()
        log.append_all(self.session, self.events)

    def _forget(self) -> None:
        """What is left of merged conversations goes to the one they have become."""
        became = [{"gone": gone, "into": self._now_at(gone)} for gone in self.merged if gone < self.first_opened]
        if not became:
            return
        for table in (t.posts, t.events):
            here = table.c.conversation_id
            moves = update(table).where(here == bindparam("gone")).values(conversation_id=bindparam("into"))
            self.connection.execute(moves, became)
        left = select(t.conversations.c.incident_id).where(t.conversations.c.id == bindparam("gone"))
        heirs = t.conversations.c.id == bindparam("into"), t.conversations.c.incident_id.is_(None)
        inherit = update(t.conversations).where(*heirs).values(incident_id=left.scalar_subquery())
        self.connection.execute(inherit, became)
        for key in (t.skips.c.conversation_id, t.seen.c.conversation_id, t.conversations.c.id):
            self.connection.execute(delete(key.table).where(key == bindparam("gone")), became)
        for event in self.events:
            event["conversation_id"] = self._now_at(event["conversation_id"])
        for pair in became:
            self._event("conversation.merged", pair["into"], merged=pair["gone"])

    def _values(self, thread: _Thread) -> dict[str, Any]:
        """What the conversation's row says after this batch."""
        old = thread.row or {}
        settings = self.config.account(thread.network, self.handles.get(thread.account_id or 0))
        settled_at = old.get("settled_at")
        stands = standing(list(thread.words.values()), thread.author_id, settings.horizon, settled_at)
        kept = [] if "answer" in thread.fresh else priority.kept(old.get("reasons"))
        if kept and stands.waiting_since is None:
            stands = replace(stands, waiting_since=old.get("waiting_since"))
        state = self._state(thread, old.get("state"), stands, settled_at)
        reasons = [*self._reasons(thread, stands), *kept]
        values = {
            "network": thread.network, "account_id": thread.account_id, "author_id": thread.author_id,
            "thread": thread.thread, "private": thread.private, "state": state,
            "rank": priority.rank(stands.waiting_since or stands.customer_at, reasons),
            "reasons": reasons, "addressed": stands.addressed, "posted_at": stands.posted_at,
            "customer_at": stands.customer_at, "answered_at": stands.answered_at,
            "waiting_since": stands.waiting_since, "surfaced_at": stands.surfaced_at,
            "surfaced_by": stands.surfaced_by, "resurfaces_at": stands.resurfaces_at, "settled_at": settled_at,
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

    def _state(self, thread: _Thread, old: str | None, stands: Standing, settled_at: Millis | None) -> str:
        """The state after this batch, with the events that say what happened.

        A claim stays, a snooze ends with a new word only, and what woke without a word waits until it is answered.
        """
        fresh = thread.fresh
        rests = resting(stands.waiting_since, stands.answered_at, settled_at)
        if old is None:
            self._event("conversation.opened", thread.id, state=rests)
            return rests
        wakes = rests == "new" and "word" in fresh
        waits_on = old == "new" and not fresh & {"answer", "gone", "place"}
        state = old if old == "claimed" or (old == "snoozed" and not wakes) or waits_on else rests
        reopens = state == "new" != old
        if reopens:
            self._event("conversation.reopened", thread.id, **{"from": old})
        elif "word" in fresh:
            self._event("post.arrived", thread.id, **{"from": old})
        if "repost" in fresh:
            self._event("post.reposted", thread.id, by=stands.surfaced_by, reposts=stands.reposts)
        if "answer" in fresh:
            self._event("conversation.answered", thread.id)
        elif old == "new" != state:
            self._event("conversation.emptied", thread.id)
        return state

    def _event(self, kind: str, conversation_id: int | None, **data: Any) -> None:
        self.events.append(log.row(kind, at=self.now, agent=AGENT, conversation_id=conversation_id, **data))


def _row(post: NetworkPost, ref: _Ref) -> dict[str, Any]:
    """A new post as it is stored."""
    return {
        "network": post.network, "account_id": ref.account_id, "conversation_id": ref.conversation_id,
        "in_reply_to": post.in_reply_to, "root_id": post.root_id, "url": post.url, "reposts": post.reposts,
        "likes": post.likes, "media": list(post.media) or None, "lang": post.lang,
        "reply_allowed": post.reply_allowed and not post.reply_denied, "reply_denied": post.reply_denied,
        "uri": post.uri,
    } | {name: value for name, value in ref.word._asdict().items() if name != "handle"}  # fmt: skip


_PRIVATE = ""
"""The thread of all that an author wrote to us privately on a network, and of what hangs on it: no post's id."""
_TRACES = (t.drafts, t.replies, t.notes, t.promises)
_WORD_COLUMNS = (
    t.posts.c.id, t.posts.c.native_id, t.posts.c.author_id, t.authors.c.handle, t.posts.c.kind, t.posts.c.text,
    t.posts.c.created_at, t.posts.c.seen_at, t.posts.c.ours, t.posts.c.deleted, t.posts.c.addressed,
)  # fmt: skip
_REFS = select(
    t.posts.c.conversation_id, t.posts.c.account_id, t.posts.c.network, t.posts.c.in_reply_to, t.posts.c.root_id,
    *_WORD_COLUMNS,
).join(t.authors, t.authors.c.id == t.posts.c.author_id)  # fmt: skip
# Each row: the conversation, the post that stands in it, and the word.
_WORDS_OF = (
    select(t.posts.c.conversation_id, t.posts.c.id.label("standing"), *_WORD_COLUMNS)
    .join(t.authors, t.authors.c.id == t.posts.c.author_id)
    .where(t.posts.c.conversation_id.in_(bindparam("ids", expanding=True)))
)
_root = t.posts.alias("root")
_QUOTES_OF = (
    select(_root.c.conversation_id, _root.c.id.label("standing"), *_WORD_COLUMNS)
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
