{# Pieces of SQL that several models share. #}

{% macro surrogate_key(columns) %}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as " ~ digitalocean_quolum.type_of('text') ~ "), '')") -%}
    {%- endfor -%}
    {{- return(digitalocean_quolum.hashed(parts | join(" || '|' || "))) -}}
{% endmacro %}

{# A quotient of two numbers: null where the divisor is zero. Decimals are divided as floats by some engines and as
   decimals by others: both become floats first. #}
{% macro divided(dividend, divisor) %}
    {%- set double = digitalocean_quolum.type_of('double') -%}
    {{- return("(cast(" ~ dividend ~ " as " ~ double ~ ") / nullif(cast(" ~ divisor ~ " as " ~ double ~ "), 0))") -}}
{% endmacro %}

{# The first moment of a day that is found while the model is compiled, as a literal; nothing where it cannot be found. A
   literal reaches the scan of the raw tables, a subquery does not. #}
{% macro start_of_day(relation, expression) %}
    {%- if execute -%}
        {%- set built = adapter.get_relation(
            database=relation.database, schema=relation.schema, identifier=relation.identifier
        ) -%}
        {%- if built is not none -%}
            {%- set found = run_query('select ' ~ expression ~ ' as day from ' ~ built).columns[0].values() | first -%}
            {%- if found is not none -%}
                {{- return("cast('" ~ found ~ " 00:00:00+00' as " ~ digitalocean_quolum.type_of('timestamp') ~ ")") -}}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
    {{- return('') -}}
{% endmacro %}

{# The smallest and the largest of several values that may be null: null only where all are. #}
{% macro smallest(expressions) %}{{ return(digitalocean_quolum.of_those_known('least', expressions)) }}{% endmacro %}

{% macro largest(expressions) %}{{ return(digitalocean_quolum.of_those_known('greatest', expressions)) }}{% endmacro %}

{# Some engines leave nulls out, others answer null: each value stands in for those that are null. #}
{% macro of_those_known(function, expressions) %}
    {%- set filled = [] -%}
    {%- for expression in expressions -%}
        {%- do filled.append('coalesce(' ~ ([expression] + (expressions | reject('equalto', expression) | list)) | join(', ') ~ ')') -%}
    {%- endfor -%}
    {{- return(function ~ '(' ~ filled | join(', ') ~ ')') -}}
{% endmacro %}

{# What kind of thing a URN names, in this package's words: DigitalOcean's own are dbaas and floatingip. #}
{% macro resource_type(urn) %}
    {%- set kind = digitalocean_quolum.part(urn, ':', 2) -%}
    {{- return(
        "case " ~ kind ~ " when 'dbaas' then 'database' when 'loadbalancer' then 'load_balancer'"
        ~ " when 'floatingip' then 'reserved_ip' when 'reservedipv6' then 'reserved_ipv6' when 'kubernetes' then 'kubernetes_cluster'"
        ~ " when 'space' then 'bucket' else " ~ kind ~ " end"
    ) -}}
{% endmacro %}

{# The highest share of its capacity that a metric reached in an interval. Metrics of what is left count down. #}
{% macro peak_percent() %}
    {{- return(
        "case when unit = 'percent' then maximum"
        ~ " when capacity > 0 and (metric like '%available' or metric like '%free') then greatest(0, 100 * (capacity - minimum) / capacity)"
        ~ " when capacity > 0 then 100 * maximum / capacity end"
    ) -}}
{% endmacro %}

{# An average over averages, weighed by the number of samples behind each. #}
{% macro weighted(value, samples="samples") %}
    {{- return("sum(" ~ value ~ " * " ~ samples ~ ") / nullif(sum(case when " ~ value ~ " is not null then " ~ samples ~ " end), 0)") -}}
{% endmacro %}

{# The end of a finding's evidence: what the resource costs, and how that was reckoned. #}
{% macro cost_sentence() %}
    {{- return(
        "case when inventory.monthly_cost is null then ' What it costs is not known.' else ' It costs USD ' || "
        ~ digitalocean_quolum.figure('inventory.monthly_cost', 2) ~ " || ' a month, ' || inventory.cost_basis || '.' end"
    ) -}}
{% endmacro %}
