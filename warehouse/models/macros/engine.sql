{# What differs between the engines, one macro a question. An engine is one file beside this one. #}

{% macro type_of(kind) %}{{ return(adapter.dispatch('type_of', 'digitalocean_quolum')(kind)) }}{% endmacro %}

{# A name in the engine's quotes, for names that keep their letters (FOCUS) and for names that something else chose. #}
{% macro quoted(name) %}{{ return(adapter.dispatch('quoted', 'digitalocean_quolum')(name)) }}{% endmacro %}

{# The name of a column of this package, some of which are words of SQL: quoted so that it is found without quotes, too. #}
{% macro own_name(name) %}{{ return(adapter.dispatch('own_name', 'digitalocean_quolum')(name)) }}{% endmacro %}

{% macro now() %}{{ return(adapter.dispatch('now', 'digitalocean_quolum')()) }}{% endmacro %}

{# A timestamp of the kind of type_of('timestamp'). Landed columns without a zone are UTC. #}
{% macro utc_timestamp(expression, data_type) %}
    {{- return(adapter.dispatch('utc_timestamp', 'digitalocean_quolum')(expression, data_type)) -}}
{% endmacro %}

{# The day of a timestamp, in UTC whatever the zone of the session. #}
{% macro utc_date(expression) %}{{ return(adapter.dispatch('utc_date', 'digitalocean_quolum')(expression)) }}{% endmacro %}

{# The first moment of a date, in UTC. #}
{% macro midnight(expression) %}{{ return(adapter.dispatch('midnight', 'digitalocean_quolum')(expression)) }}{% endmacro %}

{# The first day of the month of a date. #}
{% macro month_of(expression) %}{{ return(adapter.dispatch('month_of', 'digitalocean_quolum')(expression)) }}{% endmacro %}

{% macro days_between(earlier, later) %}
    {{- return(adapter.dispatch('days_between', 'digitalocean_quolum')(earlier, later)) -}}
{% endmacro %}

{% macro seconds_between(earlier, later) %}
    {{- return(adapter.dispatch('seconds_between', 'digitalocean_quolum')(earlier, later)) -}}
{% endmacro %}

{% macro add_days(expression, days) %}{{ return(adapter.dispatch('add_days', 'digitalocean_quolum')(expression, days)) }}{% endmacro %}

{% macro days_in_month(expression) %}{{ return(adapter.dispatch('days_in_month', 'digitalocean_quolum')(expression)) }}{% endmacro %}

{# A landed column, or a text that holds JSON, as a value of type_of('json'). #}
{% macro as_json(expression, data_type='text') %}
    {{- return(adapter.dispatch('as_json', 'digitalocean_quolum')(expression, data_type)) -}}
{% endmacro %}

{# The JSON value below a key of a JSON object. #}
{% macro json_value(expression, key) %}
    {{- return(adapter.dispatch('json_value', 'digitalocean_quolum')(expression, key)) -}}
{% endmacro %}

{# The text at a path of a JSON value; null where there is nothing or an empty text. #}
{% macro json_text(expression, path) %}
    {{- return(adapter.dispatch('json_text', 'digitalocean_quolum')(expression, path)) -}}
{% endmacro %}

{# A join with the elements of a JSON array; json_element tells each as text. #}
{% macro json_elements(expression, alias) %}
    {{- return(adapter.dispatch('json_elements', 'digitalocean_quolum')(expression, alias)) -}}
{% endmacro %}

{% macro json_element(alias) %}{{ return(adapter.dispatch('json_element', 'digitalocean_quolum')(alias)) }}{% endmacro %}

{% macro json_length(expression) %}{{ return(adapter.dispatch('json_length', 'digitalocean_quolum')(expression)) }}{% endmacro %}

{# An aggregate: a JSON object that has every value as a key, with true beside it, in the order of the keys. #}
{% macro json_flags(expression) %}{{ return(adapter.dispatch('json_flags', 'digitalocean_quolum')(expression)) }}{% endmacro %}

{# An aggregate: the value below which a share of all values lies. #}
{% macro percentile(expression, share) %}
    {{- return(adapter.dispatch('percentile', 'digitalocean_quolum')(expression, share)) -}}
{% endmacro %}

{# A float as a decimal that is the same on every engine, whatever the order in which it was added up: what is left of that
   order stands five digits further right, and is rounded away first. From a thousand million on it is a whole number: a
   float has no more digits to give. #}
{% macro rounded(expression, digits=4) %}
    {{- return(adapter.dispatch('rounded', 'digitalocean_quolum')(expression, digits)) -}}
{% endmacro %}

{# A number in a sentence: the same digits on every engine. #}
{% macro figure(expression, digits=1) %}
    {{- return(adapter.dispatch('figure', 'digitalocean_quolum')(expression, digits)) -}}
{% endmacro %}

{# The nth part of a text between separators; an empty text where it has fewer. #}
{% macro part(expression, separator, number) %}
    {{- return(adapter.dispatch('part', 'digitalocean_quolum')(expression, separator, number)) -}}
{% endmacro %}

{# A text's MD5 hash in hexadecimal digits. #}
{% macro hashed(expression) %}{{ return(adapter.dispatch('hashed', 'digitalocean_quolum')(expression)) }}{% endmacro %}

{% macro default__type_of(kind) %}
    {%- set types = {
        'text': 'text',
        'integer': 'bigint',
        'decimal': 'decimal(38, 12)',
        'money': 'decimal(38, 2)',
        'double': 'double precision',
        'boolean': 'boolean',
        'timestamp': 'timestamp with time zone',
        'date': 'date',
        'json': 'json',
    } -%}
    {{- return(types[kind]) -}}
{% endmacro %}

{% macro default__quoted(name) %}{{ return(adapter.quote(name)) }}{% endmacro %}

{% macro default__own_name(name) %}{{ return(digitalocean_quolum.quoted(name)) }}{% endmacro %}

{% macro default__now() %}{{ return('current_timestamp') }}{% endmacro %}

{% macro default__utc_timestamp(expression, data_type) %}
    {%- if 'with time zone' in data_type | lower or 'timestamptz' in data_type | lower or 'char' in data_type | lower or 'text' in data_type | lower -%}
        {{- return('cast(' ~ expression ~ ' as ' ~ digitalocean_quolum.type_of('timestamp') ~ ')') -}}
    {%- endif -%}
    {{- return('(cast(' ~ expression ~ " as timestamp) at time zone 'UTC')") -}}
{% endmacro %}

{% macro default__utc_date(expression) %}{{ return('cast((' ~ expression ~ ") at time zone 'UTC' as date)") }}{% endmacro %}

{% macro default__midnight(expression) %}
    {{- return(
        'cast(cast(' ~ expression ~ ' as ' ~ digitalocean_quolum.type_of('text') ~ ") || ' 00:00:00+00' as " ~ digitalocean_quolum.type_of('timestamp') ~ ')'
    ) -}}
{% endmacro %}

{% macro default__month_of(expression) %}{{ return("cast(date_trunc('month', " ~ expression ~ ') as date)') }}{% endmacro %}

{% macro default__days_between(earlier, later) %}{{ return('(' ~ later ~ ' - ' ~ earlier ~ ')') }}{% endmacro %}

{% macro default__seconds_between(earlier, later) %}
    {{- return('cast(extract(epoch from (' ~ later ~ ')) - extract(epoch from (' ~ earlier ~ ')) as double precision)') -}}
{% endmacro %}

{% macro default__add_days(expression, days) %}
    {{- return('cast(' ~ expression ~ " + interval '1 day' * (" ~ days ~ ') as date)') -}}
{% endmacro %}

{% macro default__days_in_month(expression) %}
    {{- return("cast(extract(day from (date_trunc('month', " ~ expression ~ ") + interval '1 month' - interval '1 day')) as integer)") -}}
{% endmacro %}

{% macro default__json_value(expression, key) %}{{ return(expression ~ " -> '" ~ key ~ "'") }}{% endmacro %}

{% macro default__json_element(alias) %}{{ return(alias ~ '.element') }}{% endmacro %}

{% macro default__json_flags(expression) %}
    {{- return(
        digitalocean_quolum.as_json("'{' || string_agg(cast(to_json(" ~ expression ~ ") as text) || ': true', ', ' order by " ~ expression ~ ") || '}'")
    ) -}}
{% endmacro %}

{% macro default__percentile(expression, share) %}
    {{- return('percentile_cont(' ~ share ~ ') within group (order by ' ~ expression ~ ')') -}}
{% endmacro %}

{% macro default__figure(expression, digits) %}
    {{- return(
        'cast(cast(' ~ expression ~ ' as decimal(38, ' ~ digits ~ ')) as ' ~ digitalocean_quolum.type_of('text') ~ ')'
    ) -}}
{% endmacro %}

{% macro default__part(expression, separator, number) %}
    {{- return('split_part(' ~ expression ~ ", '" ~ separator ~ "', " ~ number ~ ')') -}}
{% endmacro %}

{% macro default__hashed(expression) %}{{ return('md5(' ~ expression ~ ')') }}{% endmacro %}
