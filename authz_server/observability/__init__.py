"""What the servers tell of themselves: logs, the decision log, metrics, health."""
