{#- How many rows each stream has in each account, and when the latest of them was read. -#}
{% macro acton_table_counts() %}
    {%- set selects = [] -%}
    {%- for account in acton.acton_accounts() -%}
        {%- for stream in acton.acton_columns() -%}
            {%- set is_loaded = execute and acton.acton_table(account, stream) -%}
            {%- set select -%}
select
    '{{ account['name'] }}' as source_relation,
    '{{ stream }}' as table_name,
    {{ 'true' if is_loaded else 'false' }} as is_loaded,
    count(*) as {{ adapter.quote('rows') }},
    max(extracted_at) as newest_extracted_at
from {{ ref('stg_acton__' ~ stream) }}
where source_relation = '{{ account['name'] }}'
            {%- endset -%}
            {%- do selects.append(select) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(selects | join('\nunion all\n')) -}}
{% endmacro %}

{#- The column extra_fields of every table. Staging leaves it out, so it is read from the tables themselves. -#}
{% macro acton_extra_fields() %}
    {%- set selects = [] -%}
    {%- for account in acton.acton_accounts() -%}
        {%- for stream in acton.acton_columns() -%}
            {%- do source('acton', stream) -%}
            {%- set table = acton.acton_table(account, stream) if execute else none -%}
            {%- set loaded = acton.acton_loaded_columns(table) -%}
            {%- if 'extra_fields' in loaded -%}
                {%- set column = loaded['extra_fields'] -%}
                {%- set select -%}
select
    '{{ account['name'] }}' as source_relation,
    '{{ stream }}' as table_name,
    {{ acton.acton_json(column.quoted, column.data_type) }} as extra_fields
from {{ table }}
                    {%- if '_sdc_deleted_at' in loaded %}
where {{ loaded['_sdc_deleted_at'].quoted }} is null
                    {%- endif %}
                {%- endset -%}
                {%- do selects.append(select) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set none_loaded -%}
select
    cast(null as {{ acton.acton_type('text') }}) as source_relation,
    cast(null as {{ acton.acton_type('text') }}) as table_name,
    cast(null as {{ acton.acton_type('json') }}) as extra_fields
where false
    {%- endset -%}
    {{- return(selects | join('\nunion all\n') or none_loaded) -}}
{% endmacro %}
