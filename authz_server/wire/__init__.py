"""Envoy's external authorization messages, generated from `proto/` by `make proto`. Nothing here is written by hand."""
