"""How long each quantity of a product lay in a warehouse, for the report on availability.

The table follows from register_stock and is not exported. The report would take several seconds if
it followed every product through its days on each call.
"""

from typing import Final

# One row per quantity and ISO week: the quantity holds at the end of `day` and of every day before
# `next_day` (Julian day numbers), both in one week; the last one holds until the end of the books.
# A week is its Monday, a day number divisible by 7.
STOCK_LEVELS: Final = """
CREATE TABLE stock_levels (
    week INT, warehouse INT, product INT, product_group INT, day INT, next_day INT, qty INT);

WITH RECURSIVE levels AS (
    SELECT
        warehouse, product, parent, day, SUM(qty) OVER pair AS qty,
        LEAD(day, 1, (SELECT julianday(value) + 1.5 FROM facts WHERE name = 'today')) OVER pair
            AS next_day
    FROM (
        SELECT warehouse, product, parent, CAST(julianday(day) + 0.5 AS INT) AS day, qty
        FROM register_stock JOIN products ON products.id = product
    )
    WINDOW pair AS (PARTITION BY warehouse, product ORDER BY day)
), parts(week, warehouse, product, product_group, day, next_day, qty) AS (
    SELECT day / 7 * 7, warehouse, product, parent, day, next_day, qty FROM levels
    UNION ALL
    SELECT week + 7, warehouse, product, product_group, week + 7, next_day, qty
    FROM parts
    WHERE week + 7 < next_day
)
INSERT INTO stock_levels
SELECT week, warehouse, product, product_group, day, MIN(next_day, week + 7), qty
FROM parts;
"""
