"""Many processes that do the same at once, forked from one that has loaded everything and has no desk open."""

import json
import os
import traceback
from collections.abc import Callable
from typing import Any


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(number)` in so many processes, which begin in the same moment; what each returned, as JSON has it.

    One that raises takes the run down: what it raised is in the AssertionError.
    """
    waiting, begin = os.pipe()
    started = [_started(number, work, waiting, begin) for number in range(count)]
    os.close(waiting)
    os.close(begin)  # the end of the file is the sign
    answers = []
    for child, reading in started:
        with os.fdopen(reading) as pipe:
            answers.append(json.loads(pipe.read() or "null"))
        os.waitpid(child, 0)
    broken = [answer for answer in answers if not isinstance(answer, dict) or "broke" in answer]
    assert not broken, broken[0]
    return [answer["done"] for answer in answers]


def _started(number: int, work: Callable[[int], Any], waiting: int, begin: int) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    answer: dict[str, Any] = {}
    try:
        os.close(begin)
        os.read(waiting, 1)
        answer = {"done": work(number)}
    except BaseException:
        answer = {"broke": traceback.format_exc()}
    finally:
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
