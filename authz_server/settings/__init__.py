"""Settings of the servers and of the commands: read once, checked as a whole, frozen."""

from authz_server.settings.loading import SettingsError, load
from authz_server.settings.values import ListenAddress
from authz_server.settings.variables import PREFIX, Settings, Source, Variable, variables

__all__ = ["PREFIX", "ListenAddress", "Settings", "SettingsError", "Source", "Variable", "load", "variables"]
