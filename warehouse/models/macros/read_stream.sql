{# The rows of a stream from every connection: one cast for each column, an empty text as null, the newest row of each
   key. A table or column that is not there is null: streams that are not selected are empty relations, never errors. #}
{% macro read_stream(stream, columns, key) %}
    {%- set declared = source('digitalocean', stream) -%}
    {%- set database = var('digitalocean_database') or target.database -%}
    {%- set parts = [] -%}
    {%- if execute -%}
        {%- for schema in var('digitalocean_schemas') -%}
            {%- set relation = adapter.get_relation(database=database, schema=schema, identifier=stream) -%}
            {%- if relation is not none -%}
                {%- do parts.append(digitalocean_quolum.read_relation(relation, schema, columns, key)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if parts -%}
        {{ parts | join('\n    union all\n') }}
    {%- else %}
    select
        cast(null as {{ digitalocean_quolum.type_of('text') }}) as source_relation,
        cast(null as {{ digitalocean_quolum.type_of('timestamp') }}) as extracted_at,
        {%- for name, kind in columns.items() %}
        cast(null as {{ digitalocean_quolum.type_of(kind) }}) as {{ digitalocean_quolum.own_name(name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (select 1 as nothing) as nothing
    where 1 = 0
    {%- endif -%}
{% endmacro %}

{% macro read_relation(relation, schema, columns, key) %}
    {%- set landed = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do landed.update({column.name | lower: column}) -%}
    {%- endfor -%}
    {%- set order = [] -%}
    {%- for name in ['_airbyte_extracted_at', '_airbyte_raw_id'] if name in landed -%}
        {%- do order.append(digitalocean_quolum.quoted(landed[name].name) ~ ' desc') -%}
    {%- endfor -%}
    {%- set partition = [] -%}
    {%- for name in key if name in landed -%}
        {%- do partition.append(digitalocean_quolum.quoted(landed[name].name)) -%}
    {%- endfor %}
    select
        '{{ schema }}' as source_relation,
        {{ digitalocean_quolum.read_column(landed, '_airbyte_extracted_at', 'timestamp') }} as extracted_at,
        {%- for name, kind in columns.items() %}
        {{ digitalocean_quolum.read_column(landed, name, kind) }} as {{ digitalocean_quolum.own_name(name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- if partition and order and var('raw_tables_have_duplicates') %}
    from (
        select *, row_number() over (partition by {{ partition | join(', ') }} order by {{ order | join(', ') }}) as nth_newest
        from {{ relation }}
    ) as landed
    where nth_newest = 1
    {%- else %}
    from {{ relation }}
    {%- endif -%}
{% endmacro %}

{% macro read_column(landed, name, kind) %}
    {%- if name not in landed -%}
        {{- return('cast(null as ' ~ digitalocean_quolum.type_of(kind) ~ ')') -}}
    {%- endif -%}
    {%- set column = digitalocean_quolum.quoted(landed[name].name) -%}
    {%- if kind == 'text' -%}
        {{- return("nullif(cast(" ~ column ~ " as " ~ digitalocean_quolum.type_of('text') ~ "), '')") -}}
    {%- elif kind == 'timestamp' -%}
        {{- return(digitalocean_quolum.utc_timestamp(column, landed[name].data_type)) -}}
    {%- elif kind == 'json' -%}
        {{- return(digitalocean_quolum.as_json(column, landed[name].data_type)) -}}
    {%- endif -%}
    {{- return('cast(' ~ column ~ ' as ' ~ digitalocean_quolum.type_of(kind) ~ ')') -}}
{% endmacro %}

{# The staging model of a utilization stream: all of them have the same columns. #}

{% macro stage_utilization(stream) %}
with source as (
    {{- digitalocean_quolum.read_stream(
        stream,
        columns={
            'feature': 'text', 'resource_urn': 'text', 'resource_id': 'text', 'resource_name': 'text',
            'region': 'text', 'metric': 'text', 'unit': 'text', 'kind': 'text', 'labels': 'json', 'labels_key': 'text',
            'interval_start': 'timestamp', 'interval_end': 'timestamp', 'average': 'double', 'minimum': 'double',
            'maximum': 'double', 'last': 'double', 'samples': 'integer', 'total': 'double', 'capacity': 'double',
            'utilization_percent': 'double', 'source': 'text',
        },
        key=['resource_urn', 'metric', 'labels_key', 'interval_start']
    ) -}}
)

select
    source_relation,
    extracted_at,
    feature as landed_feature,
    resource_urn as urn,
    resource_name,
    region as region_slug,
    metric,
    unit,
    kind,
    labels,
    coalesce(labels_key, '') as labels_key,
    interval_start,
    interval_end,
    average,
    minimum,
    maximum,
    last,
    samples,
    total,
    capacity,
    utilization_percent,
    source
from source
{% endmacro %}
