with source as (
    {{ digitalocean_quolum.read_stream(
        'regions',
        columns={
            'slug': 'text',
            'name': 'text',
            'available': 'boolean',
        },
        key=['slug']
    ) }}
)

select
    source_relation,
    extracted_at,
    slug as region_slug,
    name as region_name,
    available
from source
