with source as (
    {{ digitalocean_quolum.read_stream(
        'vpc_nat_gateways',
        columns={
            'id': 'text',
            'name': 'text',
            'type': 'text',
            'state': 'text',
            'region': 'text',
            'size': 'integer',
            'project_id': 'text',
            'created_at': 'timestamp',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:vpc_nat_gateway:' || id as urn,
    id as nat_gateway_id,
    name,
    state as status,
    size,
    region as region_slug,
    project_id,
    created_at
from source
