with source as (
    {{ digitalocean_quolum.read_stream(
        'genai_knowledge_bases',
        columns={
            'uuid': 'text',
            'name': 'text',
            'region': 'text',
            'tags': 'json',
            'project_id': 'text',
            'created_at': 'timestamp',
        },
        key=['uuid']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:knowledge_base:' || uuid as urn,
    uuid as knowledge_base_uuid,
    name,
    region as region_slug,
    tags,
    project_id,
    created_at
from source
