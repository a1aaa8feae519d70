"""Replies on their way: held (undo window, or until a time), queued, sending, then sent, failed or unknown.

All transitions of a reply are here, each a guarded statement with its event:

- `holding`: through the guard into the outbox
- `second_look`: the guard once more, just before a reply leaves, and when it is tried again
- `starting`: what is due leaves, one reply of a thread after the other
- `outcome`: what the network said, and what follows from no answer
- `scheduled`: what leaves at a later time
- `returning`: back to the draft, by a person, by the desk, or because it failed
- `settling`: what a person decides about a failed or unknown one

What is `sending` may be out already, so nothing is sent twice without a look at the network first.
"""

from tui.desk.guard import Overridden
from tui.desk.outbox.holding import GuardStop, hold, is_held, record_stop
from tui.desk.outbox.outcome import all_wait, failed, not_found, out_of_reach, sent, unknown, waits
from tui.desk.outbox.returning import come_back, recall
from tui.desk.outbox.scheduled import return_changed
from tui.desk.outbox.settling import retry, settle
from tui.desk.outbox.starting import put_back, queue_due, send_now, start_sending, unsettled

__all__ = [
    "GuardStop",
    "Overridden",
    "all_wait",
    "come_back",
    "failed",
    "hold",
    "is_held",
    "not_found",
    "out_of_reach",
    "put_back",
    "queue_due",
    "recall",
    "record_stop",
    "retry",
    "return_changed",
    "send_now",
    "sent",
    "settle",
    "start_sending",
    "unknown",
    "unsettled",
    "waits",
]
