with objects as (
    select *
    from ({{ acton.acton_extra_fields() }}) as tables
    where extra_fields is not null
),

fields as (
    select
        objects.source_relation,
        objects.table_name,
        {{ acton.acton_field_key('field') }} as field_key,
        {{ acton.acton_field_type('objects.extra_fields', 'field') }} as field_type
    from objects
    {{ acton.acton_fields('objects.extra_fields', 'field') }}
)

select
    source_relation,
    table_name,
    field_key as {{ adapter.quote('key') }},
    count(*) as {{ adapter.quote('rows') }},
    coalesce(max(case when field_type <> 'null' then field_type end), 'null') as example_type
from fields
where field_key is not null
group by source_relation, table_name, field_key
