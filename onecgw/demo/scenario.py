"""The hint that `onecgw demo` prints: what an analyst can find in the books."""

from onecgw.demo.books import Books


def describe_scenario(books: Books) -> str:
    """Two questions that lead to the overstock of the last full quarter, for the terminal.

    The year before is the measure because the season is the same in it.
    """
    first, last = books.scenario_period
    return f"""\
Something happened between {first} and {last}. Ask:
  «Which product group's stock at cost grew most between {first} and {last}?»
  «How long was our cash conversion cycle from {first} to {last}, against the same months a year
   before, and which part of it moved?»"""
