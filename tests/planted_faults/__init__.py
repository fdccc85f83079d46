"""Faults planted in copies of the product, each of which the comparison with the naive model must find."""
