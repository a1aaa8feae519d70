"""Which canned responses answered posts like this one before."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

from tui.desk.canned.vocabulary import ADDRESS, fold, words

NEIGHBOURS = 24
"""How many of the most similar posts have a say."""
ALIKE = 0.15
"""Posts less similar than this have none."""
FEW = 8
"""Among so few posts every word tells something."""
LONGEST_TEXT = 2_000
"""Characters of a post that are compared."""
MOST_WORDS = 64
"""How many of its words, the rarest of them."""


class Similar:
    """Past posts, and the responses that answered them. Immutable; build it and ask it off the event loop.

    Two posts are as similar as the cosine of their words, rare ones weighing more (tf-idf); links and handles do
    not count, and of many posts no word that more than half of them have.
    """

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        """`pairs`: the text of a post and the id of a response that answered it."""
        told = [(_counts(text), canned) for text, canned in pairs]
        self._answers = [canned for _, canned in told]
        standing = Counter(word for counts, _ in told for word in counts)
        most = max(FEW, len(told) // 2)
        self._weights = {word: math.log1p(len(told) / many) for word, many in standing.items() if many <= most}
        self._posts: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for at, (counts, _) in enumerate(told):
            for word, share in self._shares(counts).items():
                self._posts[word].append((at, share))

    def __len__(self) -> int:
        return len(self._answers)

    def like(self, text: str) -> dict[int, float]:
        """By id of a response, 0..1: how like this text are the posts it answered.

        Each of the nearest posts speaks for its response; several together count more than the best alone, as
        independent signs do: 1 - (1 - a)(1 - b)...
        """
        alike: dict[int, float] = defaultdict(float)
        for word, share in self._shares(_counts(text)).items():
            for at, other in self._posts.get(word, ()):
                alike[at] += share * other
        nearest = sorted(((min(1.0, much), -at) for at, much in alike.items() if much >= ALIKE), reverse=True)
        doubt: dict[int, float] = {}
        for much, at in nearest[:NEIGHBOURS]:
            canned = self._answers[-at]
            doubt[canned] = doubt.get(canned, 1.0) * (1 - much)
        return {canned: 1 - left for canned, left in doubt.items()}

    def _shares(self, counts: Counter[str]) -> dict[str, float]:
        """The words that tell something, as parts of a vector of length 1."""
        weighed = {
            word: (1 + math.log(many)) * self._weights[word] for word, many in counts.items() if word in self._weights
        }
        telling = sorted(weighed, key=lambda word: -weighed[word])[:MOST_WORDS]
        length = math.sqrt(sum(weighed[word] ** 2 for word in telling))
        return {word: weighed[word] / length for word in telling}


def _counts(text: str) -> Counter[str]:
    return Counter(words(fold(ADDRESS.sub(" ", text[:LONGEST_TEXT]))))
