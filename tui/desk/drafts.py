"""The text being written: it belongs to the conversation and survives everything."""

from collections.abc import Iterable

from sqlalchemy import and_, delete, insert, literal, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.config import DRAFT_CHARACTERS
from tui.desk.claims import Claim, check_held, is_good, refuse_gone
from tui.desk.composition import NOTHING, Composition
from tui.desk.freshness import account_name
from tui.errors import Misuse, Refused
from tui.store import tables as t
from tui.store.store import reading
from tui.text import fit, line

_SHOWN_CELLS = 40


def save(
    session: Session,
    claim: Claim,
    text: str,
    *,
    cursor: int,
    now: Millis,
    made_of: Composition = NOTHING,
    sender: str | None = None,
) -> None:
    """Keep the draft; an empty text with nothing to it removes it.

    `sender` is the handle it is to leave from; None: the conversation's. Raises Refused where the claim is gone, Misuse
    where that handle is none of ours.
    """
    good = select(t.conversations.c.id).where(is_good(claim, now))
    mine = and_(t.drafts.c.conversation_id == claim.conversation_id, good.exists())
    if not text.strip() and not made_of.has_extras:
        if session.execute(delete(t.drafts).where(mine)).rowcount == 0:  # type: ignore[attr-defined]
            check_held(session, claim, now)
        return
    values = {
        "agent": claim.agent, "text": text[:DRAFT_CHARACTERS], "cursor": cursor,
        "composition": made_of.as_json(),
        "account_id": other_account(session, claim.conversation_id, sender), "updated_at": now,
    }  # fmt: skip
    if session.execute(update(t.drafts).where(mine).values(**values)).rowcount:  # type: ignore[attr-defined]
        return
    values["conversation_id"] = claim.conversation_id
    as_row = select(*(literal(value, t.drafts.c[name].type) for name, value in values.items())).where(good.exists())
    made = insert(t.drafts).from_select(list(values), as_row).returning(t.drafts.c.conversation_id)
    if session.execute(made).first() is None:
        refuse_gone(session, claim, now)


def check_newest(session: Session, conversation_id: int, at: Millis) -> None:
    """Raise Refused where a draft stands that was stored after `at`."""
    d = t.drafts.c
    if session.execute(select(d.agent).where(d.conversation_id == conversation_id, d.updated_at > at)).first():
        raise Refused(f"A newer draft stands in conversation {conversation_id}.")


def discard(session: Session, conversation_id: int, *, text: str | None = None) -> bool:
    """Remove the draft, because it is on its way out; with `text`, only where it is still that text. Whether it was."""
    gone = delete(t.drafts).where(t.drafts.c.conversation_id == conversation_id)
    done = session.execute(gone if text is None else gone.where(t.drafts.c.text == text))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def restore(
    session: Session,
    conversation_id: int,
    text: str,
    *,
    agent: str,
    made_of: Composition,
    now: Millis,
    account_id: int | None = None,
) -> bool:
    """A text comes back from its way out; False where a draft was begun meanwhile, which is not overwritten.

    `account_id` is what it was to leave from.
    """
    if session.get(t.Draft, conversation_id) is not None:
        return False
    if account_id == own_account(session, conversation_id):
        account_id = None
    session.execute(
        insert(t.drafts).values(
            conversation_id=conversation_id, agent=agent, text=text, cursor=len(text),
            composition=made_of.as_json(), account_id=account_id, updated_at=now,
        )
    )  # fmt: skip
    return True


def own_account(session: Session, conversation_id: int) -> int | None:
    """The account a conversation is with."""
    c = t.conversations.c
    return session.execute(select(c.account_id).where(c.id == conversation_id)).scalar()


def other_account(session: Session, conversation_id: int, sender: str | None) -> int | None:
    """The account of ours that has this handle on the conversation's network; None: the conversation's own.

    Raises Misuse, which names ours, where there is none.
    """
    if sender is None:
        return None
    c = t.conversations.c
    network = session.execute(select(c.network).where(c.id == conversation_id)).scalar_one()
    found, _ = meant(reading(session).accounts(), network, sender)
    return None if found == own_account(session, conversation_id) else found


def meant(accounts: Iterable[tuple[int, str, str]], network: str, sender: str) -> tuple[int, str]:
    """Which account of ours on a network is meant by a handle: its id, and the handle as it is written.

    `accounts` as `Reader.accounts` has them. Raises Misuse, which names ours, where there is none.
    """
    ours = [(account_id, handle) for account_id, of, handle in accounts if of == network]
    for account_id, handle in ours:
        if account_name(handle) == account_name(sender):
            return account_id, handle
    known = ", ".join(line(handle) for _, handle in ours) or "none"
    raise Misuse(f"{fit(line(sender), _SHOWN_CELLS)} is no handle of ours there; ours are: {known}.")
