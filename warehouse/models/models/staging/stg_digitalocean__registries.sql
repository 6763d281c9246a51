with source as (
    {{ digitalocean_quolum.read_stream(
        'registries',
        columns={
            'name': 'text',
            'region': 'text',
            'storage_usage_bytes': 'integer',
            'subscription': 'json',
            'created_at': 'timestamp',
        },
        key=['name']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:registry:' || name as urn,
    name,
    region as region_slug,
    storage_usage_bytes,
    {{ digitalocean_quolum.json_text('subscription', ['tier', 'slug']) }} as tier_slug,
    cast({{ digitalocean_quolum.json_text('subscription', ['tier', 'monthly_price_in_cents']) }} as {{ digitalocean_quolum.type_of('decimal') }}) / 100 as price_monthly,
    created_at
from source
