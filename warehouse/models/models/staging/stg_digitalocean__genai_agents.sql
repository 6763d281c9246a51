with source as (
    {{ digitalocean_quolum.read_stream(
        'genai_agents',
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
    'do:genai_agent:' || uuid as urn,
    uuid as genai_agent_uuid,
    name,
    region as region_slug,
    tags,
    project_id,
    created_at
from source
