"""authzctl: clients, profiles and credentials from the command line, over the REST API."""
