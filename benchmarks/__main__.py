"""`python -m benchmarks`: the cost of a check, over gRPC, in the process, and through Envoy."""

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import grpc

from benchmarks import in_process, over_grpc, through_envoy


def main() -> int:
    """Measure and print; every answer is compared with what it has to be."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the calls: to see that it works")
    quick = options.parse_args().quick
    share = 0.1 if quick else 1.0
    started = time.monotonic()
    print(f"Python {platform.python_version()}, grpcio {grpc.__version__}, {os.cpu_count()} CPUs{', quick' * quick}\n")
    with tempfile.TemporaryDirectory() as directory:
        for name, section in (
            ("In the process", in_process.report),
            ("Over gRPC", over_grpc.report),
            ("Through Envoy", through_envoy.report),
        ):
            print(f"## {name}\n", flush=True)
            for line in section(Path(directory) / name.replace(" ", "-"), share):
                print(line, flush=True)
            print()
    print(f"{time.monotonic() - started:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
