"""What the product decides, and the words it decides in. Pure: standard library only, no clock, no I/O."""
