"""The HTTP edge of the control plane: REST under /api/v1, its description and its documentation."""
