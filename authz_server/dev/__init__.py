"""The laptop stack: an embedded Valkey, the check server, a real Envoy and a sample upstream, by one command."""
