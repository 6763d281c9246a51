with source as (
    {{ digitalocean_quolum.read_stream(
        'database_clusters',
        columns={
            'id': 'text',
            'name': 'text',
            'status': 'text',
            'engine': 'text',
            'version': 'text',
            'num_nodes': 'integer',
            'size': 'text',
            'region': 'text',
            'created_at': 'timestamp',
            'tags': 'json',
            'project_id': 'text',
            'storage_size_mib': 'integer',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:dbaas:' || id as urn,
    id as database_cluster_id,
    name,
    status,
    engine,
    num_nodes as nodes,
    size as size_slug,
    region as region_slug,
    tags,
    project_id,
    storage_size_mib,
    created_at
from source
