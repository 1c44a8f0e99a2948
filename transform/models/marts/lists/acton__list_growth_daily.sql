with changes as (
    select
        source_relation,
        list_id,
        created_at as changed_at,
        1 as members_added,
        0 as members_deleted
    from {{ ref('stg_acton__list_members') }}
    union all
    select
        source_relation,
        list_id,
        created_at as changed_at,
        1 as members_added,
        0 as members_deleted
    from {{ ref('int_acton__deleted_list_members') }}
    union all
    select
        source_relation,
        list_id,
        deleted_at as changed_at,
        0 as members_added,
        1 as members_deleted
    from {{ ref('int_acton__deleted_list_members') }}
),

dated as (
    select
        source_relation,
        list_id,
        {{ acton.acton_day('changed_at', 'source_relation') }} as date_day,
        members_added,
        members_deleted
    from changes
    where changed_at is not null
),

days as (
    select
        source_relation,
        list_id,
        date_day,
        {{ acton.acton_total('members_added') }} as members_added,
        {{ acton.acton_total('members_deleted') }} as members_deleted
    from dated
    group by source_relation, list_id, date_day
)

select
    source_relation,
    list_id,
    date_day,
    members_added,
    cast(
        sum(members_added) over (
            partition by source_relation, list_id
            order by date_day
            rows between unbounded preceding and current row
        ) as {{ acton.acton_type('integer') }}
    ) as members_added_to_date,
    members_deleted
from days
