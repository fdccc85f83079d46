"""LineWriter, over a pipe."""

import os
import threading
from collections.abc import Iterator

import pytest

from authz_server.observability.lines import LineWriter


@pytest.fixture(name="pipe")
def a_pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe: to read, to write. The test closes what it wants closed early."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def test_lines_arrive_whole_and_in_order(pipe: tuple[int, int]) -> None:
    writer = LineWriter(pipe[1], gather_seconds=0.001)
    for number in range(1_000):
        writer.write(b"line %d" % number)
    writer.close()
    os.close(pipe[1])
    with os.fdopen(os.dup(pipe[0]), "rb") as reader:
        assert reader.read() == b"".join(b"line %d\n" % number for number in range(1_000))
    assert writer.dropped == 0


def test_lines_of_several_threads_all_arrive(pipe: tuple[int, int]) -> None:
    writer = LineWriter(pipe[1], gather_seconds=0)
    received: list[bytes] = []

    def read() -> None:
        with os.fdopen(os.dup(pipe[0]), "rb") as reader:
            received.extend(reader)

    def write() -> None:
        for _ in range(5_000):
            writer.write(b"x")

    reading = threading.Thread(target=read)
    reading.start()
    writing = [threading.Thread(target=write) for _ in range(3)]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join()
    writer.close()
    os.close(pipe[1])
    reading.join()
    assert len(received) == 15_000


def test_nobody_waits_for_a_reader_that_does_not_read(pipe: tuple[int, int]) -> None:
    """A pipe holds 64 KiB; what finds no room after that is dropped and counted."""
    writer = LineWriter(pipe[1], held=100, gather_seconds=0)
    line = b"x" * 4_096
    for _ in range(1_000):
        writer.write(line)
    assert writer.dropped > 0
    os.set_blocking(pipe[0], False)
    drained = 0
    while writer._pending or drained < 65_536:  # noqa: SLF001 - what is still held
        try:
            drained += len(os.read(pipe[0], 1_048_576))
        except BlockingIOError:
            continue
    writer.close()


def test_a_descriptor_that_does_not_block_is_written_to_in_the_end(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    writer = LineWriter(pipe[1], gather_seconds=0.001)
    writer.write(b"x" * 200_000)
    received = 0
    while received < 200_001:
        received += len(os.read(pipe[0], 65_536))
    writer.close()
    assert writer.dropped == 0


def test_a_reader_that_is_gone_costs_its_lines_and_nothing_else(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    writer = LineWriter(pipe[1], gather_seconds=0)
    writer.write(b"lost")
    writer.close()
    assert writer.dropped == 1


def test_closing_without_lines_writes_nothing(pipe: tuple[int, int]) -> None:
    LineWriter(pipe[1]).close()
    os.close(pipe[1])
    assert os.read(pipe[0], 1) == b""
