{% macro duckdb__as_json(expression) %}{{ return('cast(' ~ expression ~ ' as json)') }}{% endmacro %}

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
