"""From the store to a `Case`: everything the guard looks at, read at one moment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from tui.clock import MINUTE, Millis
from tui.config import Config
from tui.desk import drafts, leaving
from tui.desk.canned import library
from tui.desk.canned.fill import included_in
from tui.desk.canned.response import Canned
from tui.desk.composition import NOTHING, Composition
from tui.desk.freshness import account_name
from tui.desk.guard import phrases
from tui.desk.guard.case import Case
from tui.errors import Misuse
from tui.store.reader import PostRow, QueueRow, Reader, ReplyRow

LEAVING = ("held", "queued", "sending", "unknown")
LOOKED_UP = 20
"""So many posts above the answered one are looked at for a private one."""
SIBLINGS_MOST = 10
"""Canned responses looked at for another way to say it."""


def case(
    reader: Reader,
    conversation_id: int,
    text: str,
    *,
    agent: str,
    config: Config,
    now: Millis,
    made_of: Composition = NOTHING,
    sender: str | None = None,
    split: bool = False,
    but: ReplyRow | None = None,
    anew: bool = False,
    posts: Sequence[PostRow] | None = None,
) -> Case:
    """Gather what the guard looks at. Misuse where the conversation, or the handle of ours, does not exist.

    `sender` is the handle it is to leave from, where that is not the conversation's own; `split`: in parts where it
    is too long. `but`: a reply that is looked at again, as of when it was let pass, or `anew`, by its agent.
    `made_of`: what the text is made of beside its words. `posts`: the thread, where it has just been read.
    A new text is looked at as it leaves; one that is looked at again already was.
    """
    conversation = reader.conversation(conversation_id)
    if conversation is None:
        raise Misuse(f"There is no conversation {conversation_id}; see `shiftdesk queue --view all`.")
    sender = _other_handle(reader, sender, conversation)
    leaves_from = sender or conversation.account
    taken = reader.server_limits(conversation.network)
    settings = config.account(conversation.network, leaves_from).at_server(taken.get(leaves_from or ""))
    posts = tuple(reader.posts(conversation_id) if posts is None else posts)
    except_id = but.id if but else None
    seen = reader.seen(conversation_id, agent) if but is None or anew else but.seen_event
    replies = reader.replies(conversation_id)
    canned = tuple(map(library.response, reader.canned_of(made_of.canned_ids)))
    included = included_in(canned, lambda names: map(library.response, reader.canned_called(names)))
    made = Case(
        text="",
        now=now,
        agent=agent,
        conversation=conversation,
        posts=posts,
        target=target(conversation, posts),
        settings=settings,
        sender=sender,
        split=split,
        sent=tuple(
            reader.sent_since(
                leaves_from, conversation.network, now - settings.same_text_minutes * MINUTE, but=except_id
            )
        ),
        sent_to=tuple(reader.sent_to(conversation.author_id)),
        leaving=tuple(r for r in replies if r.state in LEAVING and r.id != except_id),
        changes=() if seen is None else tuple(reader.events(after=seen, conversation_id=conversation_id)),
        others=tuple(reader.others(conversation_id, conversation.author_id)),
        incident=reader.incident(conversation.incident_id) if conversation.incident_id else None,
        made_of=made_of,
        canned=canned,
        included=included,
        incidents=tuple(reader.incidents()) if any(one.incident for one in (*canned, *included)) else (),
        siblings=tuple(_siblings(reader, canned[0], conversation, now)) if canned else (),
        phrases=phrases.known(config),
    )
    made = replace(made, answers_private=answers_private(made.target, posts, partial(_answered_by, reader)))
    if but is None:
        return dressed(made, text, config)
    made = _without_itself(replace(made, text=text), but, replies)
    return made if anew else _as_let_pass(made, but, replies, reader)


def dressed(case: Case, text: str, config: Config) -> Case:
    """The case of another text, as that would leave."""
    around = leaving.around(
        text, network=case.conversation.network, recipient=case.conversation.handle,
        settings=case.settings, agent=case.agent, initials=config.initials,
    )  # fmt: skip
    return replace(case, text=leaving.put_around(text, around), made_of=replace(case.made_of, around=around))


def _other_handle(reader: Reader, sender: str | None, conversation: QueueRow) -> str | None:
    """The handle of ours that is meant, as it is written; None: the conversation's own."""
    own = conversation.account
    if sender is None or (own is not None and account_name(sender) == account_name(own)):
        return None
    return drafts.meant(reader.accounts(), conversation.network, sender)[1]


def _without_itself(case: Case, reply: ReplyRow, replies: Sequence[ReplyRow]) -> Case:
    """A reply answers the post it answered, and is compared neither with itself nor with other parts of its text."""
    own = [one for one in replies if one.id == reply.id or (reply.first_id and one.first_id == reply.first_id)]
    ids, out = {one.id for one in own}, _posts_of(own, case.posts)
    texts = {post.text for post in case.posts if post.id in out}
    posts = tuple(post for post in case.posts if post.id not in out)
    return replace(
        case,
        posts=posts,
        target=next((post for post in posts if post.id == reply.post_id), case.target),
        leaving=tuple(one for one in case.leaving if one.id not in ids),
        sent_to=tuple(one for one in case.sent_to if one.text not in texts),
    )


def _as_let_pass(case: Case, reply: ReplyRow, replies: Sequence[ReplyRow], reader: Reader) -> Case:
    """What the agent knew when the guard let it pass stays as it was then: later replies knew of this one.

    That answers of theirs are seen on the network is no news either.
    """
    seen = reader.events(after=reply.seen_event - 1, limit=1) if reply.seen_event else ()
    held_at = seen[0].at if seen else reply.created_at
    own = _posts_of([one for one in replies if one.agent == reply.agent], case.posts)
    by_others = frozenset(p.id for p in case.posts if p.ours and p.seen_at > held_at and p.id not in own)
    return replace(
        case,
        held_at=held_at,
        leaving=tuple(one for one in case.leaving if one.id < reply.id),
        by_others=by_others,
        changes=tuple(event for event in case.changes if by_others or event.kind != "conversation.answered"),
    )


def _posts_of(replies: Sequence[ReplyRow], posts: Sequence[PostRow]) -> set[int]:
    """The posts that these replies became, also where a person settled them and the network's own post came later."""
    out = [one for one in replies if one.native_id is not None]
    native_ids, texts = {one.native_id for one in out}, {one.text for one in out}
    return {post.id for post in posts if post.ours and (post.native_id in native_ids or post.text in texts)}


def _siblings(reader: Reader, canned: Canned, conversation: QueueRow, now: Millis) -> list[Canned]:
    """What could be said instead of a canned response: the same tag and language, valid now, least used first."""
    rows = reader.siblings(
        canned.tags, language=canned.language, network=conversation.network, but=canned.id, now=now, limit=SIBLINGS_MOST
    )
    return [library.response(row) for row in rows]


def answers_private(
    answered: PostRow | None,
    posts: Iterable[PostRow],
    stored: Callable[[PostRow], PostRow | None] = lambda _post: None,
) -> bool:
    """Whether a post above it is private: a bridge may not say so of each post of a private exchange.

    `stored` gives what a post answers where that is not among `posts`.
    """
    here, above = {post.native_id: post for post in posts}, answered
    for _ in range(LOOKED_UP):
        if above is None or above.in_reply_to is None:
            return False
        above = here.get(above.in_reply_to) or stored(above)
        if above is not None and above.kind == "dm":
            return True
    return False


def _answered_by(reader: Reader, post: PostRow) -> PostRow | None:
    return next(iter(reader.ancestors(post, limit=1)), None)


def target(conversation: QueueRow, posts: Sequence[PostRow]) -> PostRow | None:
    """The post a reply answers: the customer's newest word, else the newest post of the thread."""
    words = [p for p in posts if p.author_id == conversation.author_id and p.kind != "repost" and not p.ours]
    standing = (
        [p for p in words if not p.deleted] or words or [p for p in posts if not p.deleted and p.kind != "repost"]
    )
    return standing[-1] if standing else None
