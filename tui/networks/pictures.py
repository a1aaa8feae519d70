"""Pictures that go with a reply: files on this machine, looked at before they are taken and again before they leave."""

import os
import stat
from pathlib import Path

from tui.errors import Misuse
from tui.text import fit, line

MOST = 4
"""Pictures in one post, on each of the networks we know."""
ALT_CHARACTERS = 1_000
"""Of a description; X takes no more, the others do."""
MOST_BYTES = {"x": 5_000_000, "mastodon": 16_777_216, "bluesky": 2_000_000}
"""Size of one picture: X media upload, Mastodon's MediaAttachment::IMAGE_LIMIT, `app.bsky.embed.images`."""
OTHER_BYTES = 5_000_000
_SHOWN = 60
"""Cells of a path that a sentence shows, its end."""
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_HEAD = 12
"""Bytes that tell what a file is."""


def checked(path: str, network: str) -> str:
    """The whole path of a picture that this network takes. Misuse, with a sentence, where it is none.

    It opens the file: not for the loop.
    """
    whole = os.path.abspath(os.path.expanduser(path.strip()))
    name = shown(whole)
    try:
        file = os.open(whole, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Misuse(f"There is no file {name}; check the path.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is no path"
        raise Misuse(f"{name} cannot be read ({why}); check its permissions.") from None
    try:
        found, head = os.fstat(file), b""
        if stat.S_ISREG(found.st_mode):
            head = os.pread(file, _HEAD, 0)
    finally:
        os.close(file)
    if not stat.S_ISREG(found.st_mode):
        raise Misuse(f"{name} is no file; give the path of a picture.")
    if not _is_picture(head):
        raise Misuse(f"{name} is no PNG, JPEG, GIF or WebP picture; convert it first.")
    most = MOST_BYTES.get(network, OTHER_BYTES)
    if found.st_size > most:
        size = f"{found.st_size / 1e6:.1f} of {most / 1e6:.1f} MB"
        raise Misuse(f"{name} is too large for {line(network)} ({size}); make it smaller.")
    return whole


def described(alt: str) -> str:
    """A description as it is stored. Misuse where it says nothing, or too much."""
    alt = line(alt).strip()
    if not alt:
        raise Misuse("Say what the picture shows; who cannot see it reads that.")
    over = len(alt) - ALT_CHARACTERS
    if over > 0:
        raise Misuse(f"The description is {over:,} characters too long ({len(alt):,} of {ALT_CHARACTERS:,}).")
    return alt


def shown(path: str) -> str:
    """The name of a picture's file for a sentence."""
    return fit(line(Path(path).name or path), _SHOWN)


def _is_picture(head: bytes) -> bool:
    return head.startswith(_BEGINNINGS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
