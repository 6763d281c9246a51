with source as (
    {{ digitalocean_quolum.read_stream(
        'load_balancers',
        columns={
            'id': 'text',
            'name': 'text',
            'status': 'text',
            'project_id': 'text',
            'size_unit': 'integer',
            'size': 'text',
            'type': 'text',
            'created_at': 'timestamp',
            'region': 'json',
            'droplet_ids': 'json',
            'tag': 'text',
            'target_load_balancer_ids': 'json',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:loadbalancer:' || id as urn,
    id as load_balancer_id,
    name,
    status,
    type,
    size_unit as nodes,
    {{ digitalocean_quolum.json_text('region', ['slug']) }} as region_slug,
    droplet_ids,
    {{ digitalocean_quolum.json_length('droplet_ids') }} as backends,
    {{ digitalocean_quolum.json_length('target_load_balancer_ids') }} as target_load_balancers,
    tag,
    project_id,
    created_at
from source
