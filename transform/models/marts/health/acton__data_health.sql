with tables as (
    {{ acton.acton_table_counts() }}
),

runs as (
    select
        source_relation,
        stream,
        outcome,
        ended_at,
        calls,
        calls_left,
        row_number() over (
            partition by source_relation, stream
            order by extracted_at desc, ended_at desc, run_id desc
        ) as place
    from {{ ref('stg_acton__sync_runs') }}
    -- A stream that was read only for others has no rows of its own.
    where outcome <> 'not selected'
)

select
    tables.source_relation,
    tables.table_name,
    tables.is_loaded,
    tables.{{ adapter.quote('rows') }},
    tables.newest_extracted_at,
    {{ dbt.datediff('tables.newest_extracted_at', acton.acton_now(), 'minute') }}
    / 60.0 as hours_since,
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
