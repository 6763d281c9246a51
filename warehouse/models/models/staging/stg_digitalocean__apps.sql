with source as (
    {{ digitalocean_quolum.read_stream(
        'apps',
        columns={
            'id': 'text',
            'project_id': 'text',
            'tier_slug': 'text',
            'created_at': 'timestamp',
            'updated_at': 'timestamp',
            'region': 'json',
            'spec': 'json',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:app:' || id as urn,
    id as app_id,
    {{ digitalocean_quolum.json_text('spec', ['name']) }} as name,
    coalesce({{ digitalocean_quolum.json_text('region', ['data_centers', '0']) }}, {{ digitalocean_quolum.json_text('region', ['slug']) }}) as region_slug,
    tier_slug,
    project_id,
    spec,
    created_at
from source
