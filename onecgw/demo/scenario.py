"""What there is to find in the books, told to whoever starts the demo."""

from onecgw.demo.books import Books


def describe_scenario(books: Books) -> str:
    """Two questions that lead to the scenario, for the terminal.

    The year before is the measure because the season is the same in it.
    """
    first, last = books.scenario_period
    return f"""\
Something happened between {first} and {last}. Ask:
  «How long was our cash conversion cycle from {first} to {last}, against the same months a year
   before, and which part of it moved?»
  «Which product group's stock at cost grew most between {first} and {last}?»"""
