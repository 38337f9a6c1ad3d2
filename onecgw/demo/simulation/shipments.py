"""What suppliers have sent: every purchase before it arrives, and what is on the way at the end."""

from typing import Final

# How long goods travel depends on the supplier. A purchase is a shipment that has arrived. For what
# arrives after the books end there is no purchase yet: each supplier sends the goods of the last
# days once more.
_TRAVEL_DAYS: Final = "(3 + supplier % 12)"
SHIPMENTS: Final = f"""
INSERT INTO shipments
SELECT
    ROW_NUMBER() OVER (ORDER BY day, id, is_arrived DESC) AS id, day,
    printf('ВД-%07d', ROW_NUMBER() OVER (ORDER BY day, id, is_arrived DESC)) AS number,
    firm, warehouse, supplier, delivery_date, id AS purchase
FROM (
    SELECT
        id, 1 AS is_arrived, date(day, -{_TRAVEL_DAYS} || ' days') AS day, firm, warehouse,
        supplier, day AS delivery_date
    FROM purchases WHERE return_of IS NULL
    UNION ALL
    SELECT
        id, 0, day, firm, warehouse, supplier, date(day, {_TRAVEL_DAYS} || ' days')
    FROM purchases
    WHERE return_of IS NULL
    AND date(day, {_TRAVEL_DAYS} || ' days') > (SELECT value FROM facts WHERE name = 'today')
);

INSERT INTO shipment_lines
SELECT shipments.id, product, qty, amount, amount / firms.rate
FROM shipments
JOIN purchase_lines ON purchase_lines.purchase = shipments.purchase
JOIN firms ON firms.id = shipments.firm
ORDER BY shipments.id, purchase_lines.rowid;
"""  # noqa: S608 - the expression stands above
