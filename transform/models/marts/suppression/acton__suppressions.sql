with listings as (
    select
        source_relation,
        email,
        'hard_bounce' as reason,
        cast(null as {{ acton.acton_type('text') }}) as subscription_category_id,
        bounced_at as listed_at,
        origin
    from {{ ref('stg_acton__hard_bounces') }}
    union all
    select
        source_relation,
        email,
        'spam_complaint' as reason,
        cast(null as {{ acton.acton_type('text') }}) as subscription_category_id,
        complained_at as listed_at,
        origin
    from {{ ref('stg_acton__spam_complaints') }}
    union all
    select
        source_relation,
        email,
        'opt_out' as reason,
        cast(null as {{ acton.acton_type('text') }}) as subscription_category_id,
        opted_out_at as listed_at,
        origin
    from {{ ref('stg_acton__opt_outs') }}
    union all
    select
        source_relation,
        email,
        'category_opt_out' as reason,
        subscription_category_id,
        opted_out_at as listed_at,
        cast(null as {{ acton.acton_type('text') }}) as origin
    from {{ ref('stg_acton__subscription_opt_outs') }}
),

dated as (
    select
        source_relation,
        email,
        reason,
        subscription_category_id,
        origin,
        -- A missing timestamp was loaded as 1970, since it is part of the table's key.
        nullif(listed_at, cast('1970-01-01 00:00:00' as {{ acton.acton_type('timestamp') }})) as listed_at
    from listings
    where email is not null
),

placed as (
    select
        *,
        row_number() over (
            partition by source_relation, email, reason, subscription_category_id
            order by case when listed_at is null then 1 else 0 end asc, listed_at desc, origin asc
        ) as place
    from dated
),

suppressions as (
    select
        source_relation,
        email,
        reason,
        subscription_category_id,
        min(listed_at) as first_at,
        max(listed_at) as last_at,
        max(case when place = 1 then origin end) as last_origin
    from placed
    group by source_relation, email, reason, subscription_category_id
)

select
    suppressions.source_relation,
    suppressions.email,
    suppressions.reason,
    suppressions.subscription_category_id,
    coalesce(categories.subscription_category_name, suppressions.subscription_category_id) as category_name,
    suppressions.first_at,
    {{ acton.acton_day('suppressions.first_at', 'suppressions.source_relation') }} as first_on,
    suppressions.last_at,
    suppressions.last_origin
from suppressions
left join {{ ref('stg_acton__subscription_categories') }} as categories
    on
        suppressions.source_relation = categories.source_relation
        and suppressions.subscription_category_id = categories.subscription_category_id
