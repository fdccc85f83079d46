"""The HTTP edge of the control plane: REST under /api, and the pages for people."""
