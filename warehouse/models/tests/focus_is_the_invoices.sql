-- The rows of focus_cost add up to each invoice of which both parts were read, exactly.
with focus as (
    select {{ digitalocean_quolum.quoted('x_SourceRelation') }} as source_relation, {{ digitalocean_quolum.quoted('InvoiceId') }} as invoice_id, sum({{ digitalocean_quolum.quoted('BilledCost') }}) as billed
    from {{ ref('focus_cost') }}
    where not {{ digitalocean_quolum.quoted('x_IsProvisional') }}
    group by 1, 2
)

select invoices.source_relation, invoices.invoice_id, invoices.invoice_amount, focus.billed
from {{ ref('invoice_reconciliation') }} as invoices
left join focus
    on focus.source_relation = invoices.source_relation and focus.invoice_id = invoices.invoice_id
where invoices.is_complete and (focus.billed is null or focus.billed <> invoices.invoice_amount)
