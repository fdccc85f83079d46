"""`python -m tests.model AUTH_TYPES CASES`: the comparison without pytest, for whoever runs it many times over.

Exit code 1, and the first difference on standard output, where the product and the model differ.
"""

import random
import sys

from tests.model.calls import a_case
from tests.model.naive_policy import decide
from tests.model.product import compare
from tests.model.worlds import a_world


def main(auth_types: str, cases: str) -> int:
    """Compare on so many cases, the auth types in turn."""
    kinds = auth_types.split(",")
    for seed in range(int(cases)):
        choices = random.Random(seed)
        world, call = a_case(choices, a_world(choices, kinds[seed % len(kinds)]))
        verdict = decide(world, call)
        difference = compare(world, call, verdict, choices)
        if difference:
            print(f"case {seed + 1}, {verdict.code}: {difference}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
