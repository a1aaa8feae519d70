"""Our accounts and their logins. Which tokens they log in with, the desk does not know."""

from typing import TYPE_CHECKING

from sqlalchemy import exists, update
from sqlmodel import Session

from tui.clock import Millis
from tui.desk import roles, sources
from tui.desk.intake import ensure_account
from tui.errors import Refused
from tui.store import log
from tui.store import tables as t

if TYPE_CHECKING:
    from tui.desk.brake import Handle

_a = t.accounts.c
_r = t.replies.c


def logged_in(
    session: Session, network: str, handle: str, *, server: str, native_id: str, agent: str, now: Millis
) -> int:
    """The id of an account whose replies leave through its login from now on, and which is read at once.

    `native_id`: its own id on `server`. Refused to who is no admin.
    """
    roles.need(session, "accounts", agent)
    account_id = ensure_account(session, network, handle, now)
    session.execute(update(t.accounts).where(_a.id == account_id).values(server=server, native_id=native_id))
    sources.wake(session, account_id, now)
    key = f"{network}:{handle}"
    log.append(session, "account.login", at=now, agent=agent, account=key, server=server, native_id=native_id)
    return account_id


def logged_out(session: Session, account: "Handle", *, agent: str, now: Millis) -> bool:
    """Its replies go into a file again; False where it had no login. Refused while a reply is on its way.

    Refused to who is no admin.
    """
    roles.need(session, "accounts", agent)
    on_its_way = exists().where(_r.account_id == account.account_id, _r.state.not_in(("sent", "recalled", "failed")))
    here = update(t.accounts).where(_a.id == account.account_id, _a.server.is_not(None))
    without = here.where(~on_its_way).values(server=None, native_id=None, limits=None).returning(_a.id)
    if session.execute(without).first() is not None:
        log.append(session, "account.logout", at=now, agent=agent, account=account.key)
        return True
    if session.execute(here.values(server=_a.server).returning(_a.id)).first() is not None:
        raise Refused(f"Replies of {account.key} are on their way; send, recall or settle them first.")
    return False
