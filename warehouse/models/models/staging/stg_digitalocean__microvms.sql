with source as (
    {{ digitalocean_quolum.read_stream(
        'microvms',
        columns={
            'id': 'text',
            'name': 'text',
            'state': 'text',
            'region': 'text',
            'size': 'json',
            'tags': 'json',
            'created_at': 'timestamp',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:microvm:' || id as urn,
    id as microvm_id,
    name,
    state as status,
    region as region_slug,
    tags,
    created_at
from source
