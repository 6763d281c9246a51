with source as (
    {{ digitalocean_quolum.read_stream(
        'invoice_items',
        columns={
            'invoice_uuid': 'text',
            'row_hash': 'text',
            'invoice_period': 'text',
            'feature': 'text',
            'resource_urn': 'text',
            'synced_at': 'timestamp',
            'resource_uuid': 'text',
            'resource_id': 'text',
            'product': 'text',
            'group_description': 'text',
            'description': 'text',
            'amount': 'decimal',
            'duration': 'double',
            'duration_unit': 'text',
            'start_time': 'timestamp',
            'end_time': 'timestamp',
            'project_name': 'text',
            'category': 'text',
        },
        key=['invoice_uuid', 'row_hash']
    ) }}
)

select
    source_relation,
    extracted_at,
    invoice_uuid,
    row_hash,
    invoice_period,
    cast(invoice_period || '-01' as date) as billing_month,
    feature as landed_feature,
    coalesce(
        resource_urn,
        case when feature = 'snapshots' then 'do:snapshot:' || coalesce(resource_uuid, resource_id) end
    ) as urn,
    resource_uuid,
    product,
    group_description,
    description,
    amount,
    duration,
    duration_unit,
    start_time as started_at,
    end_time as ended_at,
    project_name,
    category,
    synced_at
from source
