with source as (
    {{ digitalocean_quolum.read_stream(
        'uptime_checks',
        columns={
            'id': 'text',
            'name': 'text',
            'type': 'text',
            'target': 'text',
            'enabled': 'boolean',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:uptime_check:' || id as urn,
    id as uptime_check_id,
    name,
    type,
    enabled
from source
