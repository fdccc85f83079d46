"""The gRPC edge: Envoy's CheckRequest in, a CheckResponse out."""
