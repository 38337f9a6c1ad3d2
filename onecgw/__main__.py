"""`python -m onecgw` is `onecgw`."""

from onecgw.cli import main

main()
