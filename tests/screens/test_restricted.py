"""What a desk takes from its environment, and what is left of it where the account is to open the desk alone."""

import os
import subprocess
import sys

import pytest

from tui.errors import Misuse
from tui.screens import outside
from tui.screens.tty import RESTRICTED, clean_environment, is_restricted, why_no_suspend

LET_IN = (
    "TEXTUAL_DRIVER", "TEXTUAL_LOG", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "LD_LIBRARY_PATH", "SSL_CERT_FILE",
    "SSLKEYLOGFILE", "OPENSSL_CONF", "HTTPS_PROXY", "https_proxy", "all_proxy", "NO_PROXY",
)  # fmt: skip
KEPT = {"TERM": "xterm", "LANG": "C.UTF-8", "SHIFTDESK_DB": "desk.db", "EDITOR": "vim", "PATH": "/bin", "TZ": "UTC"}


def test_what_lets_others_in_is_cleaned_away_and_the_rest_stays() -> None:
    environ = KEPT | dict.fromkeys(LET_IN, "x")
    clean_environment(environ)
    assert environ == KEPT


def test_the_editor_of_the_team_comes_before_the_agents_own() -> None:
    own = {"VISUAL": "emacs -nw", "EDITOR": "vim"}
    assert outside.command(own) == ["emacs", "-nw"]
    assert outside.command(own, "nano --restricted") == ["nano", "--restricted"]
    with pytest.raises(Misuse, match=r"\[desk\] editor is no command"):
        outside.command(own, "nano 'unfinished")


def test_where_the_account_is_restricted_there_is_no_editor_but_the_teams() -> None:
    environ = {"VISUAL": "sh", "EDITOR": "sh", "PATH": os.defpath, RESTRICTED: "1"}
    with pytest.raises(Misuse, match="No other editor is allowed here"):
        outside.command(environ)
    assert outside.command(environ, "nano --restricted") == ["nano", "--restricted"]
    assert outside.command(environ | {RESTRICTED: "0"}) == ["sh"]


@pytest.mark.parametrize(
    ("value", "restricted"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)]
)
def test_a_restricted_account_says_so_itself(value: str | None, restricted: bool) -> None:
    assert is_restricted({} if value is None else {RESTRICTED: value}) is restricted


@pytest.mark.parametrize(
    ("own_session", "restricted", "possible"), [(False, "", True), (False, "1", False), (True, "", False)]
)
def test_the_desk_is_stopped_only_where_a_shell_could_go_on_with_it(
    own_session: bool, restricted: str, possible: bool
) -> None:
    code = "import os; from tui.screens.tty import why_no_suspend; print(why_no_suspend(os.environ))"
    said = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {RESTRICTED: restricted}, capture_output=True, text=True,
        start_new_session=own_session,
    )  # fmt: skip
    assert said.stdout.strip() == ("" if possible else "There is no shell to go back to here.")


def test_without_a_parent_that_can_be_seen_there_is_no_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 0)
    assert why_no_suspend({}) != ""
