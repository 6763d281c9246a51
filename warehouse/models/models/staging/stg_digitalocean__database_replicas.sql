with source as (
    {{ digitalocean_quolum.read_stream(
        'database_replicas',
        columns={
            'id': 'text',
            'database_cluster_uuid': 'text',
            'name': 'text',
            'status': 'text',
            'region': 'text',
            'size': 'text',
            'tags': 'json',
            'created_at': 'timestamp',
        },
        key=['database_cluster_uuid', 'name']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:dbaas:' || id as urn,
    id as database_replica_id,
    'do:dbaas:' || database_cluster_uuid as cluster_urn,
    name,
    status,
    size as size_slug,
    region as region_slug,
    tags,
    created_at
from source
