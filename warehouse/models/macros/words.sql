{# Pieces of SQL that several models share. #}

{% macro surrogate_key(columns) %}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as " ~ digitalocean_quolum.type_of('text') ~ "), '')") -%}
    {%- endfor -%}
    {{- return("md5(" ~ parts | join(" || '|' || ") ~ ")") -}}
{% endmacro %}

{# A number in a sentence: the same digits on every engine. #}
{% macro figure(expression, digits=1) %}
    {{- return(
        "cast(cast(" ~ expression ~ " as decimal(38, " ~ digits ~ ")) as " ~ digitalocean_quolum.type_of('text') ~ ")"
    ) -}}
{% endmacro %}

{# A quotient of two numbers: null where the divisor is zero. Decimals are divided as floats by some engines and as
   decimals by others: both become floats first. #}
{% macro divided(dividend, divisor) %}
    {{- return(
        "(cast(" ~ dividend ~ " as double precision) / nullif(cast(" ~ divisor ~ " as double precision), 0))"
    ) -}}
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

{# What kind of thing a URN names, in this package's words: DigitalOcean's own are dbaas and floatingip. #}
{% macro resource_type(urn) %}
    {{- return(
        "case split_part(" ~ urn ~ ", ':', 2) when 'dbaas' then 'database' when 'loadbalancer' then 'load_balancer'"
        ~ " when 'floatingip' then 'reserved_ip' when 'reservedipv6' then 'reserved_ipv6' when 'kubernetes' then 'kubernetes_cluster'"
        ~ " when 'space' then 'bucket' else split_part(" ~ urn ~ ", ':', 2) end"
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
