{# DigitalOcean bills in USD and its API names no currency. Should a landed table name another one, every sum would be
   wrong without anybody seeing it: the build ends with a sentence instead. #}
{% macro refuse_other_currencies() %}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'snapshot'] -%}
        {%- set database = var('digitalocean_database') or target.database -%}
        {%- for schema in var('digitalocean_schemas') -%}
            {%- for stream in ['billing_insights', 'invoices', 'invoice_items', 'invoice_preview_items', 'invoice_summaries', 'balance', 'dedicated_inference_sizes'] -%}
                {%- set relation = adapter.get_relation(database=database, schema=schema, identifier=stream) -%}
                {%- if relation is not none -%}
                    {%- for column in adapter.get_columns_in_relation(relation) if column.name | lower == 'currency' -%}
                        {%- set name = digitalocean_quolum.quoted(column.name) -%}
                        {%- set found = run_query(
                            'select distinct ' ~ name ~ ' as currency from ' ~ relation ~ ' where ' ~ name ~ " is not null and upper(" ~ name ~ ") <> 'USD' order by 1"
                        ) -%}
                        {%- if found.rows | length -%}
                            {{ exceptions.raise_compiler_error(
                                'The table ' ~ schema ~ '.' ~ stream ~ ' holds amounts in ' ~ found.columns[0].values() | join(', ')
                                ~ '. These models add amounts in USD only: leave such rows out, or convert them before the build.'
                            ) }}
                        {%- endif -%}
                    {%- endfor -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
