"""One conversation for people, on plain stdout."""

from collections.abc import Iterator

from tui import clock
from tui.desk.promises import told
from tui.desk.queue import Entry
from tui.store.reader import Reader
from tui.text import clean, line

TIME = "%Y-%m-%d %H:%M"
INDENT = "    "


def whole(reader: Reader, found: Entry) -> str:
    """Head, thread with the time of each post, notes, draft and replies."""
    return "\n".join([*_head(reader, found), *_thread(reader, found), *_beside(reader, found.row.id)])


def _head(reader: Reader, found: Entry) -> Iterator[str]:
    row = found.row
    owner = f" by {line(row.owner)}" if row.owner else ""
    account = f" to {line(row.account)}" if row.account else ""
    yield f"Conversation {row.id}: {line(row.network)}, @{line(row.handle)}{account}, {row.state}{owner}"
    yield line(found.standing)
    if found.reserved:
        yield line(found.reserved)
    if found.reasons:
        yield f"score {found.score}: " + ", ".join(f"{line(str(r['text']))} {r['points']:+d}" for r in found.reasons)
    if row.tags:
        yield "tags: " + ", ".join(map(line, row.tags))
    if row.incident:
        yield f"incident: {line(row.incident)}"
    yield from (told(promise, found.now) for promise in reader.promises(row.id))


def _thread(reader: Reader, found: Entry) -> Iterator[str]:
    for post in reader.posts(found.row.id):
        marks = [post.kind] + ["ours"] * post.ours + ["edited"] * (post.versions > 0) + ["deleted"] * post.deleted
        age = clock.age(found.now - post.created_at)
        yield ""
        yield f"{clock.local(post.created_at, TIME)} ({age} ago) @{line(post.handle)}, {', '.join(marks)}"
        yield _block(post.text)


def _beside(reader: Reader, conversation_id: int) -> Iterator[str]:
    for note in reader.notes(conversation_id):
        yield f"\nNote by {line(note.agent)}, {clock.local(note.created_at, TIME)}\n{_block(note.text)}"
    draft = reader.draft(conversation_id)
    if draft is not None:
        yield f"\nDraft by {line(draft.agent)}, {clock.local(draft.updated_at, TIME)}\n{_block(draft.text)}"
    for reply in reader.replies(conversation_id):
        if reply.state != "sent":
            yield f"\nReply {reply.id} by {line(reply.agent)}, {reply.state}\n{_block(reply.text)}"


def _block(text: str) -> str:
    return "\n".join(INDENT + part for part in clean(text).split("\n"))
