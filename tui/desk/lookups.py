"""Look-ups: a configured, read-only command that is run with a code from the thread, beside it and never in a shell.

What runs is a stranger to the desk: it gets the code as one argument, no input, a small environment and a group of
its own. It ends in time, and what it says is capped, has its card numbers masked and is cleaned before it is shown.
Nothing of it is stored; the log knows that the look-up ran, not with which code, since a code is personal.
"""

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from tui import clock, private, text
from tui.clock import Millis
from tui.config import LookUp
from tui.errors import Refused
from tui.store import log
from tui.store.reader import PostRow

if TYPE_CHECKING:
    from sqlmodel import Session

OUTPUT_BYTES = 64_000
"""How much of what a command says is read; one that says more is ended."""
COMPLAINT_BYTES = 4_000
COMPLAINT_CELLS = 200
"""How much of what it complains is told."""
LONGEST_CODE = 100
MOST_SECONDS = 60
"""The longest that a look-up may be given (s)."""
SEARCHED_CHARACTERS = 5_000
"""How much of one post is looked through."""
POSTS_SEARCHED = 200
"""Most posts of a thread that are looked through, the newest."""
SEARCH_SECONDS = 0.05
"""How long a pattern may take over one post (s)."""
ALL_SECONDS = 1.0
"""How long the search for codes may take (s)."""
CODES = 9
"""Most codes that are offered, the newest."""
WATCH_SECONDS = 0.05
"""How often a running command is asked whether it is still wanted (s)."""
PASSED_ON = ("PATH", "HOME", "LANG")
"""All of our environment that a command gets."""


class Code(NamedTuple):
    """A code in a thread, and the look-up that it is for."""

    name: str
    code: str


class LookedUp(NamedTuple):
    """What a look-up found."""

    name: str
    code: str
    text: str
    """Fit to be shown; empty where it said nothing."""
    problem: str
    """One sentence about what went wrong; empty where nothing did."""
    at: Millis
    took: Millis


# -- codes ---------------------------------------------------------------------------------------------


def codes(posts: Iterable[PostRow], look_ups: Mapping[str, LookUp]) -> list[Code]:
    """The codes in what customers wrote, each once: of the newest post first, at most CODES."""
    newest = sorted((post for post in posts if not (post.ours or post.deleted)), key=lambda post: -post.created_at)
    until = time.monotonic() + ALL_SECONDS
    found: dict[Code, None] = {}
    for post in newest[:POSTS_SEARCHED]:
        for name, look_up in look_ups.items():
            if len(found) < CODES and time.monotonic() < until:
                words = post.text[:SEARCHED_CHARACTERS]
                found |= dict.fromkeys(Code(name, code) for code in _codes_in(words, look_up.pattern))
    return list(found)[:CODES]


def _codes_in(words: str, pattern: str) -> list[str]:
    """What a team's pattern finds in time; its first group, where it has one, is the code."""
    import regex  # type: ignore[import-untyped]

    try:
        matches = regex.compile(pattern).finditer(words, timeout=SEARCH_SECONDS)
        return [str(code) for match in islice(matches, CODES) if (code := match[1] if match.re.groups else match[0])]
    except (regex.error, TimeoutError):
        return []


def arguments(look_up: LookUp, code: str) -> list[str]:
    """The command with a code in it. Raises Refused for a code that could be taken for something else."""
    if not code.isprintable() or len(code) > LONGEST_CODE or code.startswith("-") or not code.strip():
        raise Refused(f"{text.fit(text.line(code), 20)!r} is not handed to a command; check the look-up's pattern.")
    if any("{code}" in part for part in look_up.command[1:]):
        return [look_up.command[0], *(part.replace("{code}", code) for part in look_up.command[1:])]
    return [*look_up.command, code]


def environment() -> dict[str, str]:
    """What a command may know of ours."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def program(look_up: LookUp) -> str | None:
    """The file that would be run; None where there is none."""
    return shutil.which(look_up.command[0])


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern finds no code in time; None: it can."""
    import regex

    try:
        for sample in ("a" * 500 + "!", "A1" * 250 + "!", "1" * 500 + "!", " " * 500 + "!"):
            regex.compile(pattern).search(sample, timeout=SEARCH_SECONDS)
    except regex.error as error:
        return f"is no regular expression: {error}"
    except TimeoutError:
        return "takes too long over a text; make it simpler"
    return None


def allowed(look_up: LookUp) -> int:
    """How long a look-up may take (s)."""
    return min(max(look_up.seconds, 1), MOST_SECONDS)


# -- running -------------------------------------------------------------------------------------------


def run(name: str, look_up: LookUp, code: str, *, is_wanted: Callable[[], bool] = lambda: True) -> LookedUp:
    """Run a look-up and wait for what it says: at most its `seconds`, and only as long as it is wanted.

    Raises Refused for a code that is not handed on.
    """
    argv = arguments(look_up, code)
    begun, at = time.monotonic(), clock.now()
    said, problem = _ran(argv, begun + allowed(look_up), is_wanted)
    took = int((time.monotonic() - begun) * clock.SECOND)
    return LookedUp(name, code, _shown(said), f"The look-up {name} {problem}." if problem else "", at, took)


def _ran(argv: Sequence[str], until: float, is_wanted: Callable[[], bool]) -> tuple[bytes, str]:
    """What a command said, and what went wrong."""
    try:
        process = subprocess.Popen(  # noqa: S603  no shell, and arguments are checked
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
            start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return b"", f"cannot be run: {text.line(argv[0])}: {text.line(str(why))}"
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        said = _Said(process)
        try:
            ended = said.read(until, is_wanted) or _wait(process, until, is_wanted)
        finally:
            _kill(process)
    return bytes(said.output), ended or _verdict(process.returncode, bytes(said.complaint))


class _Said:
    """What a command writes to its two streams, as far as it is kept."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.output, self.complaint = bytearray(), bytearray()

    def read(self, until: float, is_wanted: Callable[[], bool]) -> str:
        """Read to the end of both, or until the command has ended and its children say nothing more; why it was
        given up, else an empty text."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout or 0, selectors.EVENT_READ, (self.output, OUTPUT_BYTES))
            selector.register(self._process.stderr or 0, selectors.EVENT_READ, (self.complaint, COMPLAINT_BYTES))
            while selector.get_map():
                if ended := _is_over(until, is_wanted):
                    return ended
                ready = selector.select(WATCH_SECONDS)
                if not ready and self._process.poll() is not None:
                    return ""
                for key, _ in ready:
                    self._take(selector, key)
                if len(self.output) >= OUTPUT_BYTES:
                    return f"said more than {OUTPUT_BYTES:,} bytes and was stopped"
        return ""

    def _take(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        """What one stream has to say now; what is beyond its limit is read and dropped."""
        kept, limit = key.data
        piece = os.read(key.fd, 65_536)
        if not piece:
            selector.unregister(key.fileobj)
        kept += piece[: limit - len(kept)]


def _wait(process: "subprocess.Popen[bytes]", until: float, is_wanted: Callable[[], bool]) -> str:
    """Wait for a command that has said all; why it was given up, else an empty text."""
    while not (ended := _is_over(until, is_wanted)):
        with suppress(subprocess.TimeoutExpired):
            process.wait(WATCH_SECONDS)
            return ""
    return ended


def _is_over(until: float, is_wanted: Callable[[], bool]) -> str:
    if not is_wanted():
        return "was stopped"
    return "took too long and was stopped" if time.monotonic() >= until else ""


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a command, and whatever it has started in its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _verdict(code: int, complaint: bytes) -> str:
    """What an exit code says; an empty text where all is well."""
    if code == 0:
        return ""
    how = f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
    why = text.fit(text.line(private.mask(complaint.decode("utf-8", "replace"))), COMPLAINT_CELLS)
    return f"{how}: {why.rstrip('.')}" if why else how


def _shown(said: bytes) -> str:
    """Output fit to be shown."""
    return text.clean(private.mask(said.decode("utf-8", "replace"))).strip("\n")


def record(session: "Session", found: LookedUp, conversation_id: int, *, agent: str) -> None:
    """That a look-up ran; neither its code nor what it said."""
    log.append(
        session, "lookup.ran", at=found.at, agent=agent, conversation_id=conversation_id,
        name=found.name, took=found.took, worked=not found.problem,
    )  # fmt: skip
