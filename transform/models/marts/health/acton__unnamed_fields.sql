{#- Read from the tables themselves: staging leaves the column out. -#}
{%- set selects = [] %}
{%- for account in acton.acton_accounts() %}
    {%- for stream in acton.acton_columns() %}
        {%- do source('acton', stream) %}
        {%- set table = acton.acton_table(account, stream) if execute else none %}
        {%- for column in (adapter.get_columns_in_relation(table) if table else []) if column.name | lower == 'extra_fields' %}
            {%- set select -%}
    select
        '{{ account['name'] }}' as source_relation,
        '{{ stream }}' as table_name,
        {{ acton.acton_json(column.quoted, column.data_type) }} as extra_fields
    from {{ table }}
            {%- endset %}
            {%- do selects.append(select) %}
        {%- endfor %}
    {%- endfor %}
{%- endfor -%}

with tables as (
    {%- if not selects %}
    select
        cast(null as {{ acton.acton_type('text') }}) as source_relation,
        cast(null as {{ acton.acton_type('text') }}) as table_name,
        cast(null as {{ acton.acton_type('json') }}) as extra_fields
    where false
    {%- endif %}
    {{ selects | join('\n    union all\n    ') }}
),

objects as (
    select *
    from tables
    where extra_fields is not null
),

fields as (
    select
        objects.source_relation,
        objects.table_name,
        {{ acton.acton_field_key('field') }} as field_key,
        {{ acton.acton_field_type('objects.extra_fields', 'field') }} as field_type
    from objects {{ acton.acton_fields('objects.extra_fields', 'field') }}
)

select
    source_relation,
    table_name,
    field_key as {{ adapter.quote('key') }},
    count(*) as {{ adapter.quote('rows') }},
    coalesce(max(case when field_type <> 'null' then field_type end), 'null') as example_type
from fields
group by source_relation, table_name, field_key
