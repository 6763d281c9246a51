with source as (
    {{ digitalocean_quolum.read_stream(
        'dedicated_inferences',
        columns={
            'id': 'text',
            'name': 'text',
            'status': 'text',
            'region': 'text',
            'created_at': 'timestamp',
            'spec': 'json',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:dedicated_inference:' || id as urn,
    id as dedicated_inference_id,
    coalesce(name, {{ digitalocean_quolum.json_text('spec', ['name']) }}) as name,
    status,
    region as region_slug,
    created_at
from source
