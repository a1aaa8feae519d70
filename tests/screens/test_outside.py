"""The agent's own editor: what it gets of us."""

import asyncio
from pathlib import Path

import pytest

from tui.screens import outside


def test_an_editor_gets_no_tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = {"SHIFTDESK_TOKENS_X_NORTHLINE": '{"access": "s3cret-one"}', "SHIFTDESK_X_CLIENT_SECRET": "s3cret-two",
               "CREDENTIALS_DIRECTORY": "/run/s3cret-three"}  # fmt: skip
    for name, value in {**secrets, "SHIFTDESK_AGENT": "ana"}.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "text"
    assert asyncio.run(outside.run(["/bin/sh", "-c", 'env > "$0"'], file)) == 0
    given = file.read_text()
    assert "SHIFTDESK_AGENT=ana" in given
    assert "s3cret" not in given
