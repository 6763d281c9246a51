with source as (
    {{ digitalocean_quolum.read_stream(
        'kubernetes_nodes',
        columns={
            'cluster_id': 'text',
            'id': 'text',
            'node_pool_id': 'text',
            'name': 'text',
            'droplet_id': 'text',
            'created_at': 'timestamp',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    id as kubernetes_node_id,
    'do:kubernetes:' || cluster_id as cluster_urn,
    name,
    'do:droplet:' || droplet_id as droplet_urn,
    created_at
from source
