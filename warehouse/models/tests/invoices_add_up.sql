-- To the cent: items, overages, taxes and credits of every invoice are its amount.
select invoice_uuid, invoice_amount, difference
from {{ ref('invoice_reconciliation') }}
where difference <> 0
