"""What a check costs. Absolute figures belong to one machine; the ratios to the bare handler travel."""
