"""An external authorization server for Envoy."""

__version__ = "0.1.0"
