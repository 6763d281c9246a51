with source as (
    {{ digitalocean_quolum.read_stream(
        'projects',
        columns={
            'id': 'text',
            'name': 'text',
            'purpose': 'text',
            'environment': 'text',
            'is_default': 'boolean',
            'created_at': 'timestamp',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    id as project_id,
    name as project_name,
    purpose,
    environment,
    is_default,
    created_at
from source
