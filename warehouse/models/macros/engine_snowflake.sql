{# Snowflake. Compiled and parsed by a test, and never run: docs/models.md says so. Timestamps are without a zone and UTC. #}

{% macro snowflake__type_of(kind) %}
    {%- set types = {'text': 'varchar', 'timestamp': 'timestamp_ntz', 'json': 'variant'} -%}
    {{- return(types.get(kind) or digitalocean_quolum.default__type_of(kind)) -}}
{% endmacro %}

{# A name without quotes is one in capital letters. #}
{% macro snowflake__own_name(name) %}{{ return(digitalocean_quolum.quoted(name | upper)) }}{% endmacro %}

{% macro snowflake__now() %}{{ return("cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz)") }}{% endmacro %}

{% macro snowflake__utc_timestamp(expression, data_type) %}
    {%- set kind = data_type | lower -%}
    {%- if 'ntz' in kind or kind in ['timestamp', 'datetime'] -%}
        {{- return('cast(' ~ expression ~ ' as timestamp_ntz)') -}}
    {%- endif -%}
    {{- return("cast(convert_timezone('UTC', cast(" ~ expression ~ ' as timestamp_tz)) as timestamp_ntz)') -}}
{% endmacro %}

{% macro snowflake__utc_date(expression) %}{{ return('cast(' ~ expression ~ ' as date)') }}{% endmacro %}

{% macro snowflake__midnight(expression) %}{{ return('cast(' ~ expression ~ ' as timestamp_ntz)') }}{% endmacro %}

{% macro snowflake__days_between(earlier, later) %}{{ return('datediff(day, ' ~ earlier ~ ', ' ~ later ~ ')') }}{% endmacro %}

{% macro snowflake__seconds_between(earlier, later) %}
    {{- return('cast(datediff(millisecond, ' ~ earlier ~ ', ' ~ later ~ ') / 1000 as double precision)') -}}
{% endmacro %}

{% macro snowflake__add_days(expression, days) %}
    {{- return('cast(dateadd(day, ' ~ days ~ ', ' ~ expression ~ ') as date)') -}}
{% endmacro %}

{% macro snowflake__days_in_month(expression) %}{{ return('extract(day from last_day(' ~ expression ~ '))') }}{% endmacro %}

{% macro snowflake__as_json(expression, data_type) %}
    {%- if data_type | lower in ['variant', 'object', 'array'] -%}
        {{- return('cast(' ~ expression ~ ' as variant)') -}}
    {%- endif -%}
    {{- return('parse_json(' ~ expression ~ ')') -}}
{% endmacro %}

{% macro snowflake__json_value(expression, key) %}{{ return('get(' ~ expression ~ ", '" ~ key ~ "')") }}{% endmacro %}

{% macro snowflake__json_text(expression, path) %}
    {%- set found = namespace(sql=expression) -%}
    {%- for step in path -%}
        {%- set found.sql = 'get(' ~ found.sql ~ ', ' ~ (step if step.isdigit() else "'" ~ step ~ "'") ~ ')' -%}
    {%- endfor -%}
    {{- return('nullif(cast(' ~ found.sql ~ " as varchar), '')") -}}
{% endmacro %}

{% macro snowflake__json_elements(expression, alias) %}
    {{- return('cross join lateral flatten(input => ' ~ expression ~ ') as ' ~ alias) -}}
{% endmacro %}

{% macro snowflake__json_element(alias) %}{{ return('cast(' ~ alias ~ '.value as varchar)') }}{% endmacro %}

{% macro snowflake__json_length(expression) %}{{ return('coalesce(array_size(' ~ expression ~ '), 0)') }}{% endmacro %}

{% macro snowflake__json_flags(expression) %}
    {{- return('cast(object_agg(' ~ expression ~ ', to_variant(true)) as variant)') -}}
{% endmacro %}

{% macro snowflake__rounded(expression, digits) %}
    {{- return(
        'case when abs(' ~ expression ~ ') < 1e9 then cast(round(cast(' ~ expression ~ ' as decimal(38, ' ~ (digits + 5) ~ ')), ' ~ digits
        ~ ') as decimal(38, ' ~ digits ~ ')) else cast(round(' ~ expression ~ ') as decimal(38, ' ~ digits ~ ')) end'
    ) -}}
{% endmacro %}
