{%- set counted = adapter.quote('rows') -%}

with tables as (
    {%- for account in acton.acton_accounts() %}
    {%- set first_account = loop.first %}
    {%- for stream in acton.acton_columns() %}
    {{ 'union all' if not (loop.first and first_account) }}
    select
        '{{ account['name'] }}' as source_relation,
        '{{ stream }}' as table_name,
        {{ 'true' if execute and acton.acton_table(account, stream) else 'false' }} as is_loaded,
        count(*) as {{ counted }},
        max(extracted_at) as newest_extracted_at
    from {{ ref('stg_acton__' ~ stream) }}
    where source_relation = '{{ account['name'] }}'
    {%- endfor %}
    {%- endfor %}
),

runs as (
    select
        source_relation,
        stream,
        outcome,
        started_at,
        ended_at,
        calls,
        calls_left,
        row_number() over (
            partition by source_relation, stream
            order by extracted_at desc, ended_at desc, run_id
        ) as place
    from {{ ref('stg_acton__sync_runs') }}
    -- A stream that was read only for others has no rows of its own.
    where outcome <> 'not selected'
)

select
    tables.source_relation,
    tables.table_name,
    tables.is_loaded,
    tables.{{ counted }},
    tables.newest_extracted_at,
    {{ dbt.datediff('tables.newest_extracted_at', acton.acton_now(), 'minute') }} / 60.0 as hours_since,
    runs.outcome as last_outcome,
    runs.ended_at as last_run_ended_at,
    runs.calls as last_calls,
    runs.calls_left
from tables
left join runs
    on
        tables.source_relation = runs.source_relation
        and tables.table_name = runs.stream
        and runs.place = 1
