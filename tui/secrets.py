"""What our accounts log in with: read from where an admin put it, never shown, renewed once however many use it.

Tokens come from, in this order: the systemd credential `shiftdesk-tokens`, an environment variable such as
`SHIFTDESK_TOKENS_X_NORTHLINE`, a file of mode 0600, the keyring of this machine. In credential and file each account
has a table of texts, `["x:@northline"]`; in a variable and in the keyring they are a JSON object.
"""

import fcntl
import hashlib
import json
import os
import re
import stat
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from tui.errors import Misuse, OutOfReach
from tui.hidden import TOKENS_VARIABLE, remember

CREDENTIAL = "shiftdesk-tokens"
"""Its name in the unit file: `LoadCredential=shiftdesk-tokens:/etc/shiftdesk/tokens.toml`."""
SERVICE = "shiftdesk"
"""Under which a keyring has them."""
RENEWED = "renewed-tokens.toml"
"""In the state folder: what replaces tokens that came from where nothing can be written."""
ORIGIN = "origin"
"""Beside renewed tokens: the digest of those they came from, so that new ones from an admin win."""
LIMIT_BYTES = 1_000_000
SPARE_BYTES = 1 << 15
"""How much longer tokens may become when they are renewed."""
LOCK_WAIT_S = 60.0
"""How long another process may take to renew."""
LOCK_LOOK_S = 0.05

Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Found:
    """The tokens of one account, and where they were found."""

    place: str
    """In words."""
    values: Values = field(repr=False)
    shelf: "_File | _Keyring | None" = None
    """Where renewed ones go; None: only beside it, in the state folder."""


class Tokens:
    """What one account logs in with. It shows none of it, and is not to be copied anywhere."""

    __slots__ = ("_key", "_secrets", "_spent", "_values")

    def __init__(self, secrets: "Secrets", key: str, values: Values) -> None:
        self._secrets = secrets
        self._key = key
        self._values = values
        self._spent: set[str] = set()

    def get(self, name: str, default: str = "") -> str:
        """One of them."""
        return self._values.get(name, default)

    def renew(self, old: str, new: Callable[[], Mapping[str, str]]) -> None:
        """Replace tokens that have run out, once, whoever else uses them here or in another process.

        `old` is the `access` token that was refused. Where another has renewed it meanwhile, that is taken; else
        `new` asks the network, and what it gives is safe on the disk before this returns. Raises OutOfReach where it
        cannot be written, and what `new` raises.
        """
        if self._values.get("access", "") == old:
            self._spent.add(old)
            self._secrets._renew(self._key, self._values, self._spent, new)

    def __repr__(self) -> str:
        return f"Tokens({self._key})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("tokens are not copied")


class Secrets:
    """The tokens of all accounts of this user. `path` is the file they are kept in, `state` a folder of theirs."""

    def __init__(self, path: Path, state: Path | None = None) -> None:
        self._file = _File(path)
        self._renewed = _File((state or path.parent) / RENEWED)
        self._keyring = _Keyring(self._renewed)

    def __repr__(self) -> str:
        return f"Secrets({self._file.path})"

    def tokens(self, key: str) -> Tokens | None:
        """Those of the account written `x:@northline`, as `tui.networks.accounts.Account.key` has it; None where there
        are none. Raises Misuse or OutOfReach.
        """
        key = key.casefold()
        found = self._found(key)
        return None if found is None else Tokens(self, key, self._newest(key, found))

    def source(self, key: str) -> str:
        """Where they come from, in words; empty where there are none. Raises Misuse or OutOfReach."""
        key = key.casefold()
        found = self._found(key)
        if found is None:
            return ""
        return found.place + (", renewed" if self._newest(key, found) is not found.values else "")

    def fixed(self, key: str) -> str:
        """The place, in words, that nothing can be kept in and that comes before all others; else empty."""
        found = self._found(key.casefold())
        return found.place if found is not None and found.shelf is None else ""

    def keep(self, key: str, values: Mapping[str, str], *, keyring: bool = False) -> None:
        """Keep the tokens of a login, in the file or in the keyring. Raises Misuse or OutOfReach."""
        key = key.casefold()
        if place := self.fixed(key):
            raise Misuse(f"The tokens of {key} come from {place}; take them out of there first.")
        shelf: _File | _Keyring = self._keyring if keyring else self._file
        with shelf.locked(), shelf.writing() as write:
            write(key, _remembered(dict(values)))
        other = self._file if keyring else self._keyring
        if key in other.read(key):
            with other.locked(), other.writing() as write:
                write(key, None)

    def forget(self, key: str) -> bool:
        """Throw the tokens away that we keep; False where there were none. Raises Misuse or OutOfReach."""
        key, known = key.casefold(), False
        for shelf in (self._file, self._keyring, self._renewed):
            if key in shelf.read(key):
                known = True
                with shelf.locked(), shelf.writing() as write:
                    write(key, None)
        return known

    def problem(self) -> str:
        """What is wrong with the file of tokens, in a sentence; empty where nothing is."""
        try:
            self._file.read("")
        except (Misuse, OutOfReach) as error:
            return str(error)
        return ""

    # -- where they are ---------------------------------------------------------------------------

    def _found(self, key: str) -> _Found | None:
        if values := _credential().get(key):
            return _Found(f"the systemd credential {CREDENTIAL}", values)
        name = variable(key)
        if given := os.environ.get(name):
            return _Found(f"the environment, {name}", _from_json(given, f"The variable {name}"))
        for shelf in (self._file, self._keyring):
            if values := shelf.read(key).get(key):
                return _Found(shelf.place, values, shelf)
        return None

    def _newest(self, key: str, found: _Found) -> Values:
        """What replaced them since, where they are still those that were replaced."""
        if found.shelf is None:
            kept = self._renewed.read(key).get(key, {})
            if kept.get(ORIGIN) == _digest(found.values):
                return {name: value for name, value in kept.items() if name != ORIGIN}
        return found.values

    def _renew(self, key: str, values: Values, spent: set[str], new: Callable[[], Mapping[str, str]]) -> None:
        """Bring `values` up to date, in place: what the network gave is in them even where it could not be written.

        `spent` are the access tokens that were refused: where one of them is still kept, nobody else has renewed it.
        """
        found = self._found(key)
        if found is None:
            raise OutOfReach(f"The tokens of {key} are gone; log it in again with `shiftdesk account add`.")
        shelf = found.shelf or self._renewed
        with shelf.locked():
            found = self._found(key) or found
            newest = self._newest(key, found)
            if newest.get("access", "") not in spent:
                _replace(values, newest)
                return
            with shelf.writing() as write:
                _replace(values, _remembered(values | dict(new())))
                write(key, values if found.shelf else values | {ORIGIN: _digest(found.values)})


def variable(key: str) -> str:
    """The environment variable of an account: `SHIFTDESK_TOKENS_X_NORTHLINE`."""
    return TOKENS_VARIABLE + re.sub(r"[^A-Z0-9]+", "_", key.upper()).strip("_")


def _replace(values: Values, by: Values) -> None:
    values |= by
    for name in values.keys() - by.keys():
        del values[name]


def _remembered(values: Values) -> Values:
    for value in values.values():
        if not value.startswith(("https://", "did:")) and " " not in value:  # a scope is a list of words
            remember(value)
    return values


def _digest(values: Values) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _credential() -> dict[str, Values]:
    """The systemd credential, which the system itself protects: its owner and mode are not ours to judge."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        return {}
    path = Path(folder) / CREDENTIAL
    try:
        with path.open("rb") as file:
            return _from_toml(file.read(LIMIT_BYTES + 1), path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OutOfReach(f"The credential {path} cannot be read ({error.strerror}).") from None


# -- the two places that can be written ------------------------------------------------------------


Write = Callable[[str, Values | None], None]


class _File:
    """A TOML file of tokens that its owner alone can read."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))

    @property
    def place(self) -> str:
        return f"the file {self.path}"

    def read(self, _key: str) -> dict[str, Values]:
        """All of it; nothing where there is no file. Raises Misuse where others could read it, OutOfReach."""
        try:
            with self.path.open("rb") as file:
                self._refuse_open_to_others(os.fstat(file.fileno()))
                return _from_toml(file.read(LIMIT_BYTES + 1), self.path)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise OutOfReach(f"The tokens in {self.path} cannot be read ({error.strerror}).") from None

    def _refuse_open_to_others(self, found: os.stat_result) -> None:
        if found.st_uid != os.geteuid():
            raise Misuse(f"{self.path} belongs to another user and is not used for tokens; make it your own.")
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077:
            raise Misuse(f"{self.path} has tokens and is open to others (mode {mode:04o}); chmod 600 it.")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One at a time, over all threads and processes of this machine. Raises OutOfReach."""
        lock = self.path.with_name(self.path.name + ".lock")
        with self._within_reach():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _wait_for(handle, lock)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def writing(self) -> Iterator[Write]:
        """A function that writes one account's tokens. That it can be done is known before it is called."""
        document = self.read("")
        part = self.path.with_name(self.path.name + ".part")
        with self._within_reach():
            with suppress(FileNotFoundError):
                part.unlink()
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            # A disk that is full has to say so before the network is asked for tokens that are given once.
            _write_all(handle, b"\n" * (len(_as_toml(document)) + SPARE_BYTES))

        def write(key: str, values: Values | None) -> None:
            document.pop(key, None)
            if values is not None:
                document[key] = values
            with self._within_reach():
                os.lseek(handle, 0, os.SEEK_SET)
                data = _as_toml(document)
                _write_all(handle, data)
                os.ftruncate(handle, len(data))
                os.fsync(handle)
                part.replace(self.path)
                _sync_folder(self.path.parent)

        try:
            yield write
        finally:
            os.close(handle)
            with suppress(FileNotFoundError):
                part.unlink()

    @contextmanager
    def _within_reach(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            said = error.strerror or type(error).__name__
            raise OutOfReach(f"Tokens cannot be kept in {self.path} ({said}); make its folder writable.") from None


class _Keyring:
    """The keyring of this machine, where the optional package is there. Its lock lies beside `beside`."""

    place = "the keyring"

    def __init__(self, beside: _File) -> None:
        self.locked = beside.locked

    def read(self, key: str) -> dict[str, Values]:
        """The tokens of one account. Raises Misuse or OutOfReach."""
        keyring = _keyring_library()
        if keyring is None:
            return {}
        try:
            given = keyring.get_password(SERVICE, key)
        except keyring.errors.NoKeyringError:
            return {}
        except keyring.errors.KeyringError as error:
            raise OutOfReach(f"The keyring cannot be read ({type(error).__name__}); unlock it.") from None
        return {key: _from_json(given, f"The keyring's entry for {key}")} if given else {}

    @contextmanager
    def writing(self) -> Iterator[Write]:
        """A function that writes one account's tokens."""
        keyring = _keyring_library()
        if keyring is None:
            raise Misuse("The keyring needs a package that is not installed; install shiftdesk[keyring].")

        def write(key: str, values: Values | None) -> None:
            try:
                if values is None:
                    keyring.delete_password(SERVICE, key)
                else:
                    keyring.set_password(SERVICE, key, json.dumps(values))
            except keyring.errors.KeyringError as error:
                raise OutOfReach(f"Tokens cannot be kept in the keyring ({type(error).__name__}).") from None

        yield write


def _keyring_library() -> Any:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    return keyring


def _wait_for(handle: int, lock: Path) -> None:
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            if time.monotonic() > until:
                raise OutOfReach(f"Another process holds {lock} for too long; end it.") from None
        time.sleep(LOCK_LOOK_S)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- how they are written --------------------------------------------------------------------------


def _from_toml(data: bytes, path: Path) -> dict[str, Values]:
    """Tables of texts. A complaint names a place in the file, never what stands there."""
    if len(data) > LIMIT_BYTES:
        raise Misuse(f"{path} is larger than {LIMIT_BYTES:,} bytes; is it the file of tokens?")
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line \d+", str(error))
        raise Misuse(f"{path} is not valid TOML{f' {place[0]}' if place else ''}; correct it.") from None
    except (ValueError, RecursionError):
        raise Misuse(f"{path} is not UTF-8 TOML; save it as that.") from None
    for table in document.values():
        if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
            raise Misuse(f'{path} has more than tables of texts; write ["x:@northline"] and access = "…" below it.')
    return {key.casefold(): _remembered(table) for key, table in document.items()}


def _from_json(given: str, what: str) -> Values:
    try:
        values = json.loads(given)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise Misuse(f'{what} is no JSON object of texts; write {{"access": "…"}}.')
    return _remembered(values)


def _as_toml(document: dict[str, Values]) -> bytes:
    rows = ["# Tokens of our accounts, written by shiftdesk. Nobody else may read this file."]
    for key, values in document.items():
        rows += ["", f"[{_quoted(key)}]", *(f"{_quoted(name)} = {_quoted(value)}" for name, value in values.items())]
    return ("\n".join(rows) + "\n").encode("utf-8", "replace")


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes, and DEL, which JSON lets stand."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
