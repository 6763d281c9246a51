with source as (
    {{ digitalocean_quolum.read_stream(
        'kubernetes_clusters',
        columns={
            'id': 'text',
            'name': 'text',
            'status': 'json',
            'region': 'text',
            'version': 'text',
            'tags': 'json',
            'ha': 'boolean',
            'created_at': 'timestamp',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:kubernetes:' || id as urn,
    id as kubernetes_cluster_id,
    name,
    {{ digitalocean_quolum.json_text('status', ['state']) }} as status,
    region as region_slug,
    ha as high_availability,
    tags,
    created_at
from source
