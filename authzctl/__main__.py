"""`python -m authzctl`."""

from authzctl.app import main

main()
