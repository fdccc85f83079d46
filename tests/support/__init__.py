"""What the tests run against: real processes, sample upstreams, callers, certificates."""
