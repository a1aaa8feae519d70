"""The names X has for things, in both generations: of 2026 (`post`, `repost`) and before (`tweet`, `retweet`).

What comes is read by either name. What is asked for has the new names until a server refuses them. They are those of
X's public OpenAPI description, versions 2.167 (August 2026) and 2.166 (July 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REFERENCED = ("referenced_posts", "referenced_tweets")
HISTORY = ("edit_history_post_ids", "edit_history_tweet_ids")
NOTE = ("note_post", "note_tweet")
REPOSTS = ("repost_count", "retweet_count")
INCLUDED = ("posts", "tweets")

_POST = (
    "attachments", "conversation_id", "created_at", "display_text_range", "entities", "lang", "public_metrics",
    "reply_settings",
)  # fmt: skip
_MESSAGE = ("attachments", "created_at", "dm_conversation_id", "entities", "event_type", "text")
USER = ("public_metrics", "verified")
MEDIA = ("alt_text", "preview_image_url", "type", "url")


@dataclass(frozen=True, slots=True)
class Generation:
    """How to ask, in the names of one generation."""

    fields: str
    """The parameter that lists the fields of a post."""
    post: tuple[str, ...]
    expansions: tuple[str, ...]
    message: tuple[str, ...]
    message_expansions: tuple[str, ...] = ("attachments.media_keys", "sender_id")

    def posts(self) -> dict[str, str]:
        """The parameters for posts with their authors, pictures, and the posts they point at."""
        return {self.fields: ",".join(self.post), "expansions": ",".join(self.expansions), **_EXPANDED}

    def messages(self) -> dict[str, str]:
        """The parameters for direct messages with their senders and pictures."""
        return {
            "dm_event.fields": ",".join(self.message),
            "expansions": ",".join(self.message_expansions),
            **_EXPANDED,
        }


_EXPANDED = {"user.fields": ",".join(USER), "media.fields": ",".join(MEDIA)}

NEW = Generation(
    fields="post.fields",
    post=(*_POST, "note_post"),
    expansions=("attachments.media_keys", "author_id", "edit_history_post_ids", "referenced_posts"),
    message=_MESSAGE,
)
OLD = Generation(
    fields="tweet.fields",
    post=(
        *_POST, "author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet",
        "referenced_tweets",
    ),
    expansions=(
        "attachments.media_keys", "author_id", "edit_history_tweet_ids", "referenced_tweets.id",
        "referenced_tweets.id.attachments.media_keys", "referenced_tweets.id.author_id",
    ),
    message=(*_MESSAGE, "sender_id"),
)  # fmt: skip


def said(item: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """What stands under the first of these names that is there; None where none is."""
    return next((item[name] for name in names if item.get(name) is not None), None)
