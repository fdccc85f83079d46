"""`python -m tests.planted_faults`: hunt all faults and print what found each."""

import sys
import time

from tests.planted_faults.faults import FAULTS
from tests.planted_faults.hunt import hunt_all


def main() -> int:
    """Print a table; exit code 1 where a fault was missed."""
    started = time.monotonic()
    hunts = hunt_all(FAULTS)
    print("| # | planted fault | where | seen at | the model wanted |")
    print("| --: | --- | --- | --- | --- |")
    for number, result in enumerate(hunts, 1):
        case, _, rest = result.found.partition(", ")
        print(
            f"| {number} | {result.fault.name} | {result.fault.file} | {case or 'MISSED'} | {rest.partition(':')[0]} |"
        )
    missed = [result for result in hunts if not result.found]
    for result in missed:
        print(f"\n{result.fault.name}: {result.output[-2_000:] or 'no difference'}", file=sys.stderr)
    print(f"\n{len(hunts) - len(missed)} of {len(hunts)} found in {time.monotonic() - started:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
