with source as (
    {{ digitalocean_quolum.read_stream(
        'function_namespaces',
        columns={
            'uuid': 'text',
            'namespace': 'text',
            'label': 'text',
            'region': 'text',
            'created_at': 'timestamp',
        },
        key=['namespace']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:functions_namespace:' || namespace as urn,
    namespace,
    label as name,
    region as region_slug,
    created_at
from source
