with source as (
    {{ digitalocean_quolum.read_stream(
        'droplet_autoscale_members',
        columns={
            'autoscale_pool_id': 'text',
            'droplet_id': 'text',
            'status': 'text',
            'created_at': 'timestamp',
        },
        key=['autoscale_pool_id', 'droplet_id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:autoscale_pool:' || autoscale_pool_id as autoscale_pool_urn,
    'do:droplet:' || droplet_id as droplet_urn,
    status
from source
