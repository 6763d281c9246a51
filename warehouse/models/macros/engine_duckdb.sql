{% macro duckdb__as_json(expression, data_type) %}{{ return('cast(' ~ expression ~ ' as json)') }}{% endmacro %}

{% macro duckdb__json_text(expression, path) %}
    {%- set steps = [] -%}
    {%- for step in path -%}
        {%- do steps.append('[' ~ step ~ ']' if step.isdigit() else '.' ~ step) -%}
    {%- endfor -%}
    {{- return("nullif(json_extract_string(" ~ expression ~ ", '$" ~ steps | join ~ "'), '')") -}}
{% endmacro %}

{% macro duckdb__json_elements(expression, alias) %}
    {{- return("cross join unnest(json_extract_string(" ~ expression ~ ", '$[*]')) as " ~ alias ~ "(element)") -}}
{% endmacro %}

{% macro duckdb__json_length(expression) %}
    {{- return("coalesce(cast(json_array_length(" ~ expression ~ ") as bigint), 0)") -}}
{% endmacro %}

{# By way of a text, because a float that is cast to a decimal is multiplied as a float; large ones by way of a whole number. #}
{% macro duckdb__rounded(expression, digits) %}
    {{- return(
        "case when abs(" ~ expression ~ ") < 1e9 then cast(round(cast(cast(" ~ expression ~ " as varchar) as decimal(38, " ~ (digits + 5)
        ~ ")), " ~ digits ~ ") as decimal(38, " ~ digits ~ ")) else cast(cast(round(" ~ expression ~ ") as hugeint) as decimal(38, "
        ~ digits ~ ")) end"
    ) -}}
{% endmacro %}
