with source as (
    {{ digitalocean_quolum.read_stream(
        'invoice_summaries',
        columns={
            'invoice_uuid': 'text',
            'invoice_id': 'text',
            'invoice_period': 'text',
            'amount': 'decimal',
            'overages': 'json',
            'taxes': 'json',
            'credits_and_adjustments': 'json',
        },
        key=['invoice_uuid']
    ) }}
)

select
    source_relation,
    extracted_at,
    invoice_uuid,
    invoice_id,
    invoice_period,
    cast(invoice_period || '-01' as date) as billing_month,
    amount,
    cast({{ digitalocean_quolum.json_text('overages', ['amount']) }} as {{ digitalocean_quolum.type_of('decimal') }}) as overages,
    cast({{ digitalocean_quolum.json_text('taxes', ['amount']) }} as {{ digitalocean_quolum.type_of('decimal') }}) as taxes,
    cast({{ digitalocean_quolum.json_text('credits_and_adjustments', ['amount']) }} as {{ digitalocean_quolum.type_of('decimal') }}) as credits
from source
