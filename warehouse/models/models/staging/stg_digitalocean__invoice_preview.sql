with source as (
    {{ digitalocean_quolum.read_stream(
        'invoice_preview',
        columns={
            'invoice_period': 'text',
            'invoice_uuid': 'text',
            'invoice_id': 'text',
            'amount': 'decimal',
            'updated_at': 'timestamp',
        },
        key=['invoice_uuid']
    ) }}
)

select
    source_relation,
    extracted_at,
    invoice_uuid,
    invoice_period,
    cast(invoice_period || '-01' as date) as billing_month,
    amount,
    updated_at
from source
