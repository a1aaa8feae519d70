"""What waits, as people and scripts see it: pure functions from stored rows and `now` to plain records."""

from dataclasses import dataclass
from typing import Any

from tui import clock, text
from tui.clock import Millis
from tui.config import Config
from tui.desk import priority, promises
from tui.desk.freshness import Freshness, freshness
from tui.store.reader import EventRow, NoteRow, PostRow, QueueRow, Reader, ReplyRow

HANDLE_CELLS = 18
"""Most of a reposter's handle that a row shows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One conversation at a moment: its row, and what follows from the time."""

    row: QueueRow
    now: Millis
    freshness: Freshness
    due_at: Millis | None
    score: int
    reasons: tuple[dict[str, Any], ...]

    @property
    def answered(self) -> bool:
        """Our last word came after theirs."""
        row = self.row
        return row.answered_at is not None and row.answered_at >= row.customer_at

    @property
    def reserved(self) -> str:
        """Which colleague has its customer, in words; empty where nobody does."""
        owner = self.row.reserved_by
        return "" if owner is None else f"{text.line(owner)} has this customer"

    @property
    def standing(self) -> str:
        """Freshness in words, such as `posted 206d · surfaced 3m · reposted by @x · name-drop`."""
        row = self.row
        parts = [f"posted {clock.age(self.now - row.posted_at)}"]
        if self.freshness == "resurfaced":
            parts.append(f"surfaced {clock.age(self.now - row.surfaced_at)}")
            if row.surfaced_by:
                parts.append(f"reposted by {text.fit('@' + text.line(row.surfaced_by), HANDLE_CELLS)}")
        if row.addressed == "namedrop":
            parts.append("name-drop")
        if self.answered:
            parts.append("answered")
        return " · ".join(parts)


def entry(row: QueueRow, config: Config, now: Millis) -> Entry:
    """Read a stored row at a moment."""
    settings = config.account(row.network, row.account)
    waits = row.waiting_since is not None
    return Entry(
        row=row,
        now=now,
        freshness=freshness(
            now,
            waiting_since=row.waiting_since,
            customer_at=row.customer_at,
            resurfaces_at=row.resurfaces_at,
            addressed=row.addressed,
            horizon=settings.horizon,
            target=settings.target,
        ),
        due_at=row.waiting_since + settings.target if row.waiting_since is not None else None,
        score=priority.score(row.rank, now) if waits else 0,
        reasons=tuple(priority.with_waiting(row.reasons, row.rank, now)) if waits else (),
    )


def queue_json(found: Entry) -> dict[str, Any]:
    """The queue's JSON of DESIGN: one object a conversation."""
    row = found.row
    return {
        "id": row.id,
        "network": row.network,
        "account": row.account,
        "author": {
            "id": row.author_native_id,
            "handle": row.handle,
            "name": row.name,
            "followers": row.followers,
            "verified": row.verified,
        },
        "state": row.state,
        "preview": row.preview,
        "addressed": row.addressed,
        "freshness": found.freshness,
        "answered": found.answered,
        "private": row.private,
        "posted_at": clock.iso(row.posted_at),
        "surfaced_at": clock.iso(row.surfaced_at),
        "waiting_since": clock.iso(row.waiting_since),
        "surfaced_by": row.surfaced_by,
        "reposts": row.reposts,
        "score": found.score,
        "reasons": list(found.reasons),
        "due_at": clock.iso(found.due_at),
        "claimed_by": row.owner,
        "reserved_by": row.reserved_by,
        "tags": row.tags,
        "incident": row.incident,
    }


def show_json(reader: Reader, found: Entry) -> dict[str, Any]:
    """One conversation whole."""
    identity = found.row.id
    draft = reader.draft(identity)
    return queue_json(found) | {
        "posts": [post_json(post) for post in reader.posts(identity)],
        "notes": [_note_json(note) for note in reader.notes(identity)],
        "drafts": [] if draft is None else [
            {
                "agent": draft.agent, "text": draft.text, "account": draft.account or found.row.account,
                "updated_at": clock.iso(draft.updated_at),
            }
        ],
        "replies": [reply_json(reply) for reply in reader.replies(identity)],
        "promises": [promises.as_json(promise, found.now) for promise in reader.promises(identity)],
        "events": [event_json(event) for event in reader.events(conversation_id=identity)],
    }  # fmt: skip


def post_json(post: PostRow) -> dict[str, Any]:
    """A post of a thread."""
    return {
        "network": post.network,
        "id": post.native_id,
        "author": {"handle": post.handle, "name": post.name},
        "text": post.text,
        "created_at": clock.iso(post.created_at),
        "seen_at": clock.iso(post.seen_at),
        "kind": post.kind,
        "in_reply_to": post.in_reply_to,
        "root": post.root_id,
        "url": post.url,
        "metrics": {"reposts": post.reposts, "likes": post.likes},
        "media": post.media,
        "lang": post.lang,
        "deleted": post.deleted,
        "ours": post.ours,
        "addressed": post.addressed,
        "edited": post.versions > 0,
        "reply_allowed": post.reply_allowed,
        "reply_denied": post.reply_denied,
    }


def reply_json(reply: ReplyRow) -> dict[str, Any]:
    """A reply and how far it got."""
    return {
        "id": reply.id,
        "conversation": reply.conversation_id,
        "network": reply.network,
        "account": reply.account,
        "to": reply.handle,
        "agent": reply.agent,
        "text": reply.text,
        "part": reply.part,
        "parts": reply.parts,
        "private": reply.private,
        "state": reply.state,
        "scheduled": reply.scheduled,
        "braked": reply.braked_at is not None,
        "due_at": clock.iso(reply.due_at),
        "sent_at": clock.iso(reply.sent_at),
        "native_id": reply.native_id,
        "error": reply.error,
        "key": reply.key,
    }


def event_json(event: EventRow) -> dict[str, Any]:
    """An entry of the event log."""
    return {
        "id": event.id,
        "at": clock.iso(event.at),
        "agent": event.agent,
        "kind": event.kind,
        "conversation": event.conversation_id,
        "data": event.data,
    }


def _note_json(note: NoteRow) -> dict[str, Any]:
    return {"id": note.id, "agent": note.agent, "text": note.text, "at": clock.iso(note.created_at)}
