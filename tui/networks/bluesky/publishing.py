"""A reply becomes a record of our own under a key of our own, so that it is out once, however often it is sent."""

from typing import Any

from tui import clock
from tui.errors import Misuse, OutOfReach
from tui.networks import pictures
from tui.networks.bluesky import reading, tid
from tui.networks.bluesky.session import Refusal, Session
from tui.networks.marks import facets
from tui.networks.records import Attachment, Outgoing, Receipt, RefusedByNetwork

MOST_LANGS = 3
"""Languages that a record of a post may name."""
_MIMES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def publish(session: Session, did: str, reply: Outgoing) -> Receipt:
    """Put the record. The same reply again changes nothing, and another under its key is that reply of before.

    Raises RefusedByNetwork, RateLimited, LoggedOut, OutOfReach, Unclear.
    """
    try:
        record = _record(session, reply)
        body = {
            "repo": did, "collection": reading.POST, "rkey": _key(reply), "record": record,
            "swapRecord": None,  # there must be none yet, or this very one
        }  # fmt: skip
        session.change("com.atproto.repo.putRecord", body)
    except Refusal as refusal:
        if refusal.name != "InvalidSwap":
            raise RefusedByNetwork(str(refusal)) from None
        # Our key is taken: an earlier try is out, made of a thread that looked a little different then.
    return _receipt(did, reply)


def look_up(session: Session, did: str, reply: Outgoing) -> Receipt | None:
    """Whether our record is there, by its key. Raises OutOfReach and its kin."""
    asked = {"repo": did, "collection": reading.POST, "rkey": _key(reply)}
    try:
        found = session.query("com.atproto.repo.getRecord", asked)
    except Refusal as refusal:
        if refusal.name == "RecordNotFound":
            return None
        raise
    if not isinstance(found.get("value"), dict):
        raise OutOfReach("The server shows no record where one was asked for; it is looked up again.")
    return _receipt(did, reply)


def _key(reply: Outgoing) -> str:
    return tid.of_reply(reply.created_at, reply.key)


def _receipt(did: str, reply: Outgoing) -> Receipt:
    uri = f"at://{did}/{reading.POST}/{_key(reply)}"
    return Receipt(uri, reading.web_address(uri))


def _record(session: Session, reply: Outgoing) -> dict[str, Any]:
    """What is published; the same in every try, as far as the thread above it is."""
    if not reply.in_reply_to.startswith("at://"):
        raise RefusedByNetwork("A private message is answered privately; a public reply to it is not sent.")
    parent = _parent(session, reply.in_reply_to)
    record: dict[str, Any] = {
        "$type": reading.POST,
        "text": reply.text,
        "createdAt": clock.iso(reply.created_at),
        "reply": _places(parent),
    }
    if langs := _langs(parent):
        record["langs"] = langs
    if made := described(session, reply.text):
        record["facets"] = made
    if reply.media:
        images = [_image(session, one) for one in reply.media]
        record["embed"] = {"$type": "app.bsky.embed.images", "images": images}
    return record


# -- the post above --------------------------------------------------------------------------------


def _parent(session: Session, uri: str) -> dict[str, Any]:
    """The post to be answered, as it is now. Raises RefusedByNetwork where it cannot be answered any more."""
    answer = session.query("app.bsky.feed.getPosts", {"uris": [uri]})
    views = [view for view in reading.items(answer.get("posts")) if isinstance(view, dict) and view.get("uri") == uri]
    if not views:
        raise RefusedByNetwork("The post is not there any more: deleted, or hidden from us by its author.")
    view: dict[str, Any] = views[0]
    if reading.is_blocked(view.get("author")):
        raise RefusedByNetwork("There is a block between its author and us; nobody would see the reply.")
    viewer = view.get("viewer")
    if isinstance(viewer, dict) and viewer.get("replyDisabled") is True:
        raise RefusedByNetwork("Its author lets us write no reply to it; nobody would see one.")
    if not isinstance(view.get("cid"), str) or not isinstance(view.get("record"), dict):
        raise OutOfReach("The post to be answered cannot be read; it is tried again.")
    return view


def _places(parent: dict[str, Any]) -> dict[str, Any]:
    """Parent and root of a reply, by address and content."""
    above = {"uri": parent["uri"], "cid": parent["cid"]}
    root = reply.get("root") if isinstance(reply := parent["record"].get("reply"), dict) else None
    if isinstance(root, dict) and isinstance(root.get("uri"), str) and isinstance(root.get("cid"), str):
        return {"root": {"uri": root["uri"], "cid": root["cid"]}, "parent": above}
    return {"root": above, "parent": above}


def _langs(parent: dict[str, Any]) -> list[str]:
    """The customer is answered in the language they wrote in, as far as their post says which that is."""
    langs = reading.items(parent["record"].get("langs"))
    return [lang for lang in langs if isinstance(lang, str) and 0 < len(lang) <= reading.MAX_LANG][:MOST_LANGS]


# -- what the text names ---------------------------------------------------------------------------


def described(session: Session, text: str) -> list[dict[str, Any]]:
    """The facets of a text: links, tags, and mentions of people that there are. Raises OutOfReach and its kin."""
    made = []
    for mark in facets(text):
        feature = _feature(session, mark["kind"], mark["value"])
        if feature is not None:
            made.append({"index": {"byteStart": mark["start"], "byteEnd": mark["end"]}, "features": [feature]})
    return made


def _feature(session: Session, kind: str, value: str) -> dict[str, str] | None:
    match kind:
        case "link":
            return {"$type": "app.bsky.richtext.facet#link", "uri": value}
        case "tag":
            return {"$type": "app.bsky.richtext.facet#tag", "tag": value}
        case _:
            did = _did_of(session, value)
            return {"$type": "app.bsky.richtext.facet#mention", "did": did} if did else None


def _did_of(session: Session, handle: str) -> str:
    try:
        did = session.query("com.atproto.identity.resolveHandle", {"handle": handle}).get("did")
    except Refusal:
        return ""
    return did if isinstance(did, str) and did.startswith("did:") else ""


# -- pictures --------------------------------------------------------------------------------------


def _image(session: Session, picture: Attachment) -> dict[str, Any]:
    try:
        path = pictures.checked(picture.path, reading.NETWORK)
        with open(path, "rb") as file:
            content = file.read(pictures.MOST_BYTES[reading.NETWORK] + 1)
    except Misuse as error:
        raise RefusedByNetwork(str(error)) from None
    except OSError as error:
        raise RefusedByNetwork(f"{pictures.shown(picture.path)} cannot be read ({error.strerror}).") from None
    mime = next((mime for head, mime in _MIMES.items() if content.startswith(head)), "application/octet-stream")
    blob = session.upload(content, mime).get("blob")
    if not isinstance(blob, dict):
        raise OutOfReach("The server took a picture and does not say under which name; it is tried again.")
    return {"alt": picture.alt, "image": blob}
