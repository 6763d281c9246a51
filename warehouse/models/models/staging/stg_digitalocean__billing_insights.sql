with source as (
    {{ digitalocean_quolum.read_stream(
        'billing_insights',
        columns={
            'usage_team_urn': 'text',
            'start_date': 'date',
            'row_hash': 'text',
            'account_urn': 'text',
            'feature': 'text',
            'synced_at': 'timestamp',
            'total_amount': 'decimal',
            'region': 'text',
            'sku': 'text',
            'description': 'text',
            'group_description': 'text',
        },
        key=['account_urn', 'start_date', 'row_hash']
    ) }}
)

select
    source_relation,
    extracted_at,
    account_urn as team_urn,
    start_date as usage_date,
    row_hash,
    feature as landed_feature,
    total_amount as amount,
    region as region_slug,
    sku,
    description,
    group_description,
    synced_at
from source
