"""Run the command line by `python -m tamsa`."""

from tamsa.cli.main import main

if __name__ == "__main__":
    main()
