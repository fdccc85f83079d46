"""`python -m tests.fuzz`: 100,000 requests in the process, 10,000 through a server; counts, and what went wrong."""

import argparse
import asyncio
import random
import sys
import time

from tests.fuzz.run import Tally, in_process, through_a_server


def main() -> int:
    """Exit code 1 where the product and the model differ; the first such requests are printed."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--requests", type=int, default=100_000)
    options.add_argument("--through-server", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    chosen = options.parse_args()
    print(f"seed {chosen.seed}")
    tallies = {"in process": Tally(), "through grpc.aio": Tally()}
    started = time.monotonic()
    in_process(chosen.seed, chosen.requests, tallies["in process"])
    asyncio.run(through_a_server(chosen.seed + 1, chosen.through_server, tallies["through grpc.aio"]))
    for name, tally in tallies.items():
        print(f"\n{name}: {tally.kinds.total()} requests")
        for counted in (tally.kinds, tally.statuses, tally.codes):
            print("  " + ", ".join(f"{key} {count}" for key, count in sorted(counted.items())))
        print(f"  wrong {len(tally.wrong)}")
        for wrong in tally.wrong[:5]:
            print(f"  {wrong[:4_000]}")
    print(f"\n{time.monotonic() - started:.0f} s")
    return 1 if any(tally.wrong for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
