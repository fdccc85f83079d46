"""Signals, sent to a process of its own whose end takes long."""

import signal
import subprocess
import sys

PROGRAM = """
import asyncio
import uvloop
from authz_server.supervisor import until_signal

class Slow:
    async def start(self):
        print("started", flush=True)
    async def stop(self):
        print("stopping", flush=True)
        await asyncio.sleep(600)

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(until_signal(Slow()))
"""


def test_a_second_signal_ends_at_once_what_the_first_one_began_to_end() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM
