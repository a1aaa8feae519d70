"""What a command says of an error nobody expected."""

from tui.config import state_folder
from tui.crash import record


def sentence(error: BaseException) -> str:
    """Keep the traceback in the state folder and say where, without what the error says: it may quote a customer."""
    name = type(error).__name__
    try:
        path = record(error, state_folder())
    except OSError as problem:
        return f"shiftdesk made a mistake ({name}) and could not log it in {state_folder()} ({problem.strerror})."
    return f"shiftdesk made a mistake ({name}); what happened is in {path}, please report it."
