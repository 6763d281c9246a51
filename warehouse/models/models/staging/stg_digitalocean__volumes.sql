with source as (
    {{ digitalocean_quolum.read_stream(
        'volumes',
        columns={
            'id': 'text',
            'name': 'text',
            'droplet_ids': 'json',
            'size_gigabytes': 'integer',
            'created_at': 'timestamp',
            'tags': 'json',
            'region': 'json',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:volume:' || id as urn,
    id as volume_id,
    name,
    size_gigabytes as size_gib,
    {{ digitalocean_quolum.json_length('droplet_ids') }} as attachments,
    {{ digitalocean_quolum.json_text('region', ['slug']) }} as region_slug,
    tags,
    created_at
from source
