{#- A query for when a table was last read, for `dbt source freshness`. A table that was not loaded, or has no rows, is
    as fresh as the freshest of those that every run reads, so that leaving out a stream is no alarm. -#}
{% macro acton_loaded_at(stream) -%}
    {%- set account = acton.acton_accounts()[0] -%}
    {%- set others = [] -%}
    {%- for node in graph.sources.values() if node.package_name == 'acton' and node.freshness.error_after.count -%}
        {%- set table = acton.acton_table(account, node.name) -%}
        {%- if table -%}
            {%- do others.append('select max(_sdc_extracted_at) as extracted_at from ' ~ table) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set table = acton.acton_table(account, stream) -%}
    select coalesce(
        {{ '(select max(_sdc_extracted_at) from ' ~ table ~ ')' if table else 'null' }},
        (select max(extracted_at) from ({{ others | join(' union all ') }}) as newest)
    ) as loaded_at
{%- endmacro %}
