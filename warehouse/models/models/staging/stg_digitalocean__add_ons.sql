with source as (
    {{ digitalocean_quolum.read_stream(
        'add_ons',
        columns={
            'uuid': 'text',
            'name': 'text',
            'state': 'text',
            'app_name': 'text',
            'plan_slug': 'text',
            'plan_price_per_month': 'decimal',
        },
        key=['uuid']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:add_on:' || uuid as urn,
    uuid as add_on_uuid,
    name,
    state as status,
    plan_slug,
    plan_price_per_month as price_monthly
from source
