"""What else than a reply stands in the editor: notes for colleagues and canned responses, here or in $EDITOR."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.screens.app import DeskApp


class Editing:
    """Notes and canned responses in the one editor."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app

    async def edit_canned(self, document: str, subject: str) -> None:
        """Open the editor on a canned response as a Markdown document; `subject` is `canned:ID` or `canned:new`."""
        raise NotImplementedError

    async def edit_canned_outside(self, document: str, subject: str) -> None:
        """The same, and at once on into $EDITOR."""
        raise NotImplementedError
