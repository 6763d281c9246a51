with source as (
    {{ digitalocean_quolum.read_stream(
        'vector_databases',
        columns={
            'id': 'text',
            'name': 'text',
            'status': 'text',
            'region': 'text',
            'size': 'text',
            'tags': 'json',
            'project_id': 'text',
            'created_at': 'timestamp',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:vector_database:' || id as urn,
    id as vector_database_id,
    name,
    status,
    size as size_slug,
    region as region_slug,
    tags,
    project_id,
    created_at
from source
