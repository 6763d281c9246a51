with source as (
    {{ digitalocean_quolum.read_stream(
        'balance',
        columns={
            'synced_at': 'timestamp',
            'month_to_date_balance': 'decimal',
            'account_balance': 'decimal',
            'month_to_date_usage': 'decimal',
            'generated_at': 'timestamp',
        },
        key=['generated_at']
    ) }}
)

select
    source_relation,
    extracted_at,
    month_to_date_balance,
    account_balance,
    month_to_date_usage,
    generated_at
from source
