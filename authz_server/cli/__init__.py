"""The commands of `authz-server`: one module each, named as the command."""
