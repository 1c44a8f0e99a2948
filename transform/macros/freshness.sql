{#- A query for when a table was last read, for `dbt source freshness`: the oldest such time of all accounts. A table that
    was not loaded, or has no rows, is as fresh as the freshest of those that every run reads, so that leaving out a
    stream is no alarm. An account of which nothing was loaded is as old as can be. -#}
{% macro acton_loaded_at(stream) -%}
    {%- set selects = [] -%}
    {%- for account in acton.acton_accounts() -%}
        {%- set times = {} -%}
        {%- for node in graph.sources.values() if node.package_name == 'acton' and node.freshness.error_after.count -%}
            {%- set table = acton.acton_table(account, node.name) -%}
            {%- if table -%}
                {%- do times.update({node.name: 'select max(_sdc_extracted_at) as extracted_at from ' ~ table}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set select -%}
select coalesce(
            {%- if stream in times %}
    ({{ times[stream] }}),
            {%- endif %}
            {%- if times %}
    (select max(extracted_at) from ({{ times.values() | join(' union all ') }}) as newest),
            {%- endif %}
    cast('1970-01-01 00:00:00' as {{ acton.acton_type('timestamp') }})
) as loaded_at
        {%- endset -%}
        {%- do selects.append(select) -%}
    {%- endfor -%}
    select min(loaded_at) as loaded_at from ({{ selects | join(' union all ') }}) as accounts
{%- endmacro %}
