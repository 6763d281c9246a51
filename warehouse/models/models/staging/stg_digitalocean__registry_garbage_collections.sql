with source as (
    {{ digitalocean_quolum.read_stream(
        'registry_garbage_collections',
        columns={
            'uuid': 'text',
            'registry_name': 'text',
            'status': 'text',
            'freed_bytes': 'integer',
            'created_at': 'timestamp',
            'updated_at': 'timestamp',
        },
        key=['uuid']
    ) }}
)

select
    source_relation,
    extracted_at,
    uuid as garbage_collection_uuid,
    'do:registry:' || registry_name as registry_urn,
    status,
    freed_bytes,
    created_at
from source
