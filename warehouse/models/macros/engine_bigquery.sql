{# BigQuery. Compiled and parsed by a test, and never run: docs/models.md says so. JSON is kept as text, because a value of
   the type JSON can neither be compared nor grouped. #}

{% macro bigquery__type_of(kind) %}
    {%- set types = {
        'text': 'string',
        'integer': 'int64',
        'decimal': 'bignumeric',
        'money': 'bignumeric',
        'double': 'float64',
        'boolean': 'bool',
        'timestamp': 'timestamp',
        'date': 'date',
        'json': 'string',
    } -%}
    {{- return(types[kind]) -}}
{% endmacro %}

{% macro bigquery__quoted(name) %}{{ return('`' ~ name ~ '`') }}{% endmacro %}

{% macro bigquery__now() %}{{ return('current_timestamp()') }}{% endmacro %}

{# A cast reads what has no zone as UTC. #}
{% macro bigquery__utc_timestamp(expression, data_type) %}{{ return('cast(' ~ expression ~ ' as timestamp)') }}{% endmacro %}

{% macro bigquery__utc_date(expression) %}{{ return('date(' ~ expression ~ ", 'UTC')") }}{% endmacro %}

{% macro bigquery__midnight(expression) %}{{ return('timestamp(' ~ expression ~ ", 'UTC')") }}{% endmacro %}

{% macro bigquery__month_of(expression) %}{{ return('date_trunc(' ~ expression ~ ', month)') }}{% endmacro %}

{% macro bigquery__days_between(earlier, later) %}{{ return('date_diff(' ~ later ~ ', ' ~ earlier ~ ', day)') }}{% endmacro %}

{% macro bigquery__seconds_between(earlier, later) %}
    {{- return('timestamp_diff(' ~ later ~ ', ' ~ earlier ~ ', millisecond) / 1000') -}}
{% endmacro %}

{% macro bigquery__add_days(expression, days) %}
    {{- return('date_add(' ~ expression ~ ', interval (' ~ days ~ ') day)') -}}
{% endmacro %}

{% macro bigquery__days_in_month(expression) %}{{ return('extract(day from last_day(' ~ expression ~ '))') }}{% endmacro %}

{% macro bigquery__as_json(expression, data_type) %}
    {{- return('to_json_string(' ~ expression ~ ')' if data_type | lower == 'json' else 'cast(' ~ expression ~ ' as string)') -}}
{% endmacro %}

{% macro bigquery__json_value(expression, key) %}{{ return('json_query(' ~ expression ~ ", '$." ~ key ~ "')") }}{% endmacro %}

{% macro bigquery__json_text(expression, path) %}
    {%- set steps = [] -%}
    {%- for step in path -%}
        {%- do steps.append('[' ~ step ~ ']' if step.isdigit() else '.' ~ step) -%}
    {%- endfor -%}
    {{- return('nullif(json_value(' ~ expression ~ ", '$" ~ steps | join ~ "'), '')") -}}
{% endmacro %}

{% macro bigquery__json_elements(expression, alias) %}
    {{- return('cross join unnest(json_query_array(' ~ expression ~ ')) as ' ~ alias) -}}
{% endmacro %}

{# A text stands there with its quotation marks, an object as it is. #}
{% macro bigquery__json_element(alias) %}{{ return("coalesce(json_value(" ~ alias ~ ", '$'), " ~ alias ~ ')') }}{% endmacro %}

{% macro bigquery__json_length(expression) %}
    {{- return('coalesce(array_length(json_query_array(' ~ expression ~ ')), 0)') -}}
{% endmacro %}

{% macro bigquery__json_flags(expression) %}
    {{- return(
        "concat('{', string_agg(concat(to_json_string(" ~ expression ~ "), ': true'), ', ' order by " ~ expression ~ "), '}')"
    ) -}}
{% endmacro %}

{# BigQuery has no exact percentile of a group: this one is the nearest of a thousand steps. #}
{% macro bigquery__percentile(expression, share) %}
    {{- return('approx_quantiles(' ~ expression ~ ', 1000)[offset(' ~ (share * 1000) | int ~ ')]') -}}
{% endmacro %}

{% macro bigquery__rounded(expression, digits) %}
    {{- return(
        'round(round(cast(' ~ expression ~ ' as bignumeric), ' ~ (digits + 5) ~ '), case when abs(' ~ expression ~ ') < 1e9 then '
        ~ digits ~ ' else 0 end)'
    ) -}}
{% endmacro %}

{% macro bigquery__figure(expression, digits) %}
    {{- return("format('%." ~ digits ~ "f', round(cast(" ~ expression ~ ' as bignumeric), ' ~ digits ~ '))') -}}
{% endmacro %}

{% macro bigquery__part(expression, separator, number) %}
    {{- return('coalesce(split(' ~ expression ~ ", '" ~ separator ~ "')[safe_offset(" ~ (number - 1) ~ ")], '')") -}}
{% endmacro %}

{% macro bigquery__hashed(expression) %}{{ return('to_hex(md5(' ~ expression ~ '))') }}{% endmacro %}
