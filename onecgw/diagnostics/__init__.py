"""The checks of `onecgw check`: the connection to 1C, and a login over OAuth."""
