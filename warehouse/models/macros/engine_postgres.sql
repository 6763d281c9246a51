{# jsonb instead of json: only jsonb can be compared and grouped. #}
{% macro postgres__type_of(kind) %}
    {{- return('jsonb' if kind == 'json' else digitalocean_quolum.default__type_of(kind)) -}}
{% endmacro %}

{% macro postgres__as_json(expression, data_type) %}{{ return('cast(' ~ expression ~ ' as jsonb)') }}{% endmacro %}

{% macro postgres__json_text(expression, path) %}
    {{- return("nullif(" ~ expression ~ " #>> '{" ~ path | join(',') ~ "}', '')") -}}
{% endmacro %}

{# Only an array has elements; PostgreSQL raises an error for anything else, a JSON null included. #}
{% macro postgres__json_elements(expression, alias) %}
    {{- return(
        "cross join lateral jsonb_array_elements_text(case when jsonb_typeof(" ~ expression ~ ") = 'array' then "
        ~ expression ~ " else '[]' end) as " ~ alias ~ "(element)"
    ) -}}
{% endmacro %}

{% macro postgres__json_length(expression) %}
    {{- return(
        "cast(case when jsonb_typeof(" ~ expression ~ ") = 'array' then jsonb_array_length(" ~ expression
        ~ ") else 0 end as bigint)"
    ) -}}
{% endmacro %}

{# By way of a text, because a float that is cast to a decimal loses all but 15 of its digits. #}
{% macro postgres__rounded(expression, digits) %}
    {%- set exact = "cast(cast(" ~ expression ~ " as text) as numeric)" -%}
    {{- return(
        "cast(round(round(" ~ exact ~ ", " ~ (digits + 5) ~ "), case when abs(" ~ expression ~ ") < 1e9 then " ~ digits ~ " else 0 end) as decimal(38, "
        ~ digits ~ "))"
    ) -}}
{% endmacro %}
