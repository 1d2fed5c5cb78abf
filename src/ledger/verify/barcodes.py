"""The barcodes: each belongs to the one item that describes it, and to no other."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_DIFFERENCE: Final = """
WITH said AS (
    SELECT i.tenant_id, b ->> 'code' AS code, i.sku, b ->> 'unit' AS unit,
        b ->> 'symbology' AS symbology
    FROM item i CROSS JOIN LATERAL jsonb_array_elements(i.barcodes::jsonb) b
)
SELECT format('tenant %s code %s', tenant_id, code),
    CASE WHEN s.sku IS NOT NULL THEN
        format('%s, as its item says', (s.sku, s.unit, s.symbology)) END,
    CASE WHEN k.sku IS NOT NULL THEN format('%s', (k.sku, k.unit, k.symbology)) END
FROM barcode k FULL JOIN said s USING (tenant_id, code)
WHERE (k.sku, k.unit, k.symbology) IS DISTINCT FROM (s.sku, s.unit, s.symbology)
ORDER BY tenant_id, code LIMIT 1
"""


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """The codes that are kept are those that the items name, which `described` has proved."""
    return count(tx, "barcode"), first(tx, "barcode", _DIFFERENCE)
