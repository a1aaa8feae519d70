"""The count of the editor goes by what the server of the handle says it takes."""

import asyncio

import pytest
from headless import opened
from making import US, post, take
from sqlalchemy import update

from tui import clock
from tui.clock import MINUTE
from tui.config import AccountSettings, Config
from tui.store import tables as t
from tui.store.store import Store

ACCT = "@care@northline.example"


@pytest.mark.parametrize(("configured", "count"), [({}, "/5000"), ({"length_limit": 400}, "/400")])
def test_the_count_is_the_servers_unless_another_is_configured(
    store: Store, configured: dict[str, int], count: str
) -> None:
    now = clock.now()
    said = {"network": "mastodon", "account": ACCT, "created_at": now - MINUTE}
    take(store, post("1", "amandac@a.example", f"{ACCT} late", **said), now=now)
    with store.transaction() as session:
        session.execute(update(t.accounts).values(limits={"characters": 5_000, "link_length": 30, "pictures": 4}))

    async def story() -> None:
        async with opened(store, config=Config(accounts={"default": AccountSettings(**configured)})) as here:
            await here.write("See https://northline.com/coaches")
            title = str(here.desk.composer.border_title)
            # `@amandac ` in front of it, and a link of 30
            assert f"{9 + 4 + 30}{count}" in title

    asyncio.run(story())


def test_where_nobody_says_anything_it_is_the_networks_own(store: Store) -> None:
    now = clock.now()
    take(store, post("1", text=f"{US} late", created_at=now - MINUTE, account=US), now=now)

    async def story() -> None:
        async with opened(store) as here:
            await here.write("Hello")
            assert "5/280" in str(here.desk.composer.border_title)

    asyncio.run(story())
