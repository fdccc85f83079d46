"""Small arithmetic over measured times, and the table they are printed in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """Some calls: their count and latencies in seconds, the wall time, the server's CPU seconds."""

    latencies: Sequence[float]
    wall: float
    cpu: float

    @property
    def cpu_us(self) -> float:
        """The server's CPU for one call, in microseconds."""
        return self.cpu / len(self.latencies) * 1e6

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.latencies) / self.wall

    def percentile_us(self, share: float) -> float:
        """The latency that this share of the calls does not exceed, in microseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1e6


def together(rounds: Iterable[Measured]) -> Measured:
    """Several rounds as one."""
    made = list(rounds)
    latencies = [latency for each in made for latency in each.latencies]
    return Measured(latencies, sum(each.wall for each in made), sum(each.cpu for each in made))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Markdown, the first column to the left."""
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' --: |' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
