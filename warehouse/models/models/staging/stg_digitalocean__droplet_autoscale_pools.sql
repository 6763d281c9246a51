with source as (
    {{ digitalocean_quolum.read_stream(
        'droplet_autoscale_pools',
        columns={
            'id': 'text',
            'name': 'text',
            'status': 'text',
            'droplet_template': 'json',
            'created_at': 'timestamp',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:autoscale_pool:' || id as urn,
    id as autoscale_pool_id,
    name,
    status,
    {{ digitalocean_quolum.json_text('droplet_template', ['size']) }} as size_slug,
    {{ digitalocean_quolum.json_text('droplet_template', ['region']) }} as region_slug,
    created_at
from source
