"""Our trimmed schema beside two published definitions of Envoy's API, each asked in a process of its own."""
