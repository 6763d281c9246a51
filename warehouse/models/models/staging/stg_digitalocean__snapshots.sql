with source as (
    {{ digitalocean_quolum.read_stream(
        'snapshots',
        columns={
            'id': 'text',
            'name': 'text',
            'created_at': 'timestamp',
            'regions': 'json',
            'size_gigabytes': 'decimal',
            'resource_id': 'text',
            'resource_type': 'text',
            'tags': 'json',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:snapshot:' || id as urn,
    id as snapshot_id,
    name,
    size_gigabytes as size_gib,
    case resource_type
        when 'droplet' then 'do:droplet:' || resource_id
        when 'volume' then 'do:volume:' || resource_id
    end as resource_urn,
    resource_type,
    {{ digitalocean_quolum.json_text('regions', ['0']) }} as region_slug,
    tags,
    created_at
from source
