"""Checks of the way to 1C and of logins, for `onecgw check`."""
