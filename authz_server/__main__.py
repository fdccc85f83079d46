"""`python -m authz_server`: the same as the `authz-server` command."""

from authz_server.cli.app import main

if __name__ == "__main__":
    main()
