"""The keys that make a reply private, as a real terminal sends them."""

import shutil
import sys
from pathlib import Path

import pytest
from making import US, post, take
from pty_app import Terminal

from tui import clock
from tui.store.store import Store

KEYS = {"ctrl+t": b"\x14", "f12": b"\x1b[24~"}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_a_key_makes_the_reply_private_and_public_again(template: Path, tmp_path: Path, key: bytes) -> None:
    shutil.copy(template, tmp_path / "desk.db")
    store = Store(tmp_path / "desk.db")
    take(store, post("q", text=f"{US} where is my refund?", created_at=clock.now() - clock.MINUTE), now=clock.now())
    store.close()
    environment = {"SHIFTDESK_DB": str(tmp_path / "desk.db"), "SHIFTDESK_AGENT": "ana", "HOME": str(tmp_path)}
    with Terminal([sys.executable, "-m", "tui"], env=environment) as terminal:
        terminal.wait("where is my refund")
        terminal.send(b"r")
        terminal.wait("Reply to @amandac . 0/280")
        terminal.send(key)
        terminal.wait("PRIVATE message to @amandac . 0/10000 PRIVATE")
        terminal.wait("behind it in public: We have sent you a private")
        terminal.send(key)
        terminal.wait("Reply to @amandac . 0/280")
        terminal.send(b"q")
