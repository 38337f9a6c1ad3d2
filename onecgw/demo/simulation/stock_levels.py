"""How long each quantity of a product lay in a warehouse, for the report on availability.

Both tables follow from register_stock and are not exported. The report would take several seconds
if it followed every product through its days on each call.
"""

from typing import Final

# One row per change of a quantity, which holds at the end of `day` and of every day before
# `next_day` (Julian day numbers); the last one holds until the end of the books.
_LEVELS: Final = """
CREATE TABLE stock_levels (
    warehouse INT, product INT, product_group INT, day INT, next_day INT, qty INT);

INSERT INTO stock_levels
SELECT
    warehouse, product, parent, day,
    LEAD(day, 1, (SELECT julianday(value) + 1.5 FROM facts WHERE name = 'today')) OVER pair,
    SUM(qty) OVER pair
FROM (
    SELECT warehouse, product, parent, CAST(julianday(day) + 0.5 AS INT) AS day, qty
    FROM register_stock JOIN products ON products.id = product
)
WINDOW pair AS (PARTITION BY warehouse, product ORDER BY day);
"""

# The same by ISO week: how many days, how many that ended with nothing in stock, and the sum of
# the quantities at the ends of the days. A week is its Monday, a day number divisible by 7.
_WEEKS: Final = """
CREATE TABLE stock_weeks (
    week INT, warehouse INT, product INT, product_group INT, days INT, oos_days INT, qty_days INT);

WITH RECURSIVE part(week, warehouse, product, product_group, day, next_day, qty) AS (
    SELECT day / 7 * 7, warehouse, product, product_group, day, next_day, qty
    FROM stock_levels
    UNION ALL
    SELECT week + 7, warehouse, product, product_group, week + 7, next_day, qty
    FROM part
    WHERE week + 7 < next_day
)
INSERT INTO stock_weeks
SELECT
    week, warehouse, product, product_group, SUM(days), SUM(IIF(qty <= 0, days, 0)),
    SUM(qty * days)
FROM (SELECT *, MIN(next_day, week + 7) - day AS days FROM part)
GROUP BY week, warehouse, product;
"""

STOCK_LEVELS: Final = _LEVELS + _WEEKS
