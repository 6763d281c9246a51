with source as (
    {{ digitalocean_quolum.read_stream(
        'project_resources',
        columns={
            'project_id': 'text',
            'urn': 'text',
            'status': 'text',
            'assigned_at': 'timestamp',
        },
        key=['project_id', 'urn']
    ) }}
)

select
    source_relation,
    extracted_at,
    project_id,
    replace(urn, 'do:reservedip:', 'do:floatingip:') as urn,
    assigned_at
from source
