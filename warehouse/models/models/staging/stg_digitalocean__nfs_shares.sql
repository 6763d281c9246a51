with source as (
    {{ digitalocean_quolum.read_stream(
        'nfs_shares',
        columns={
            'id': 'text',
            'name': 'text',
            'status': 'text',
            'size_gib': 'integer',
            'region': 'text',
            'performance_tier': 'text',
            'created_at': 'timestamp',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:nfs:' || id as urn,
    id as nfs_share_id,
    name,
    status,
    size_gib,
    performance_tier,
    region as region_slug,
    created_at
from source
