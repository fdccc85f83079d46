"""The use case of one edit: commands, the unit of work they run in, and the relay that publishes what they changed."""
