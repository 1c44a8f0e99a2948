with sendings as (
    select
        *,
        coalesce(nullif({{ dbt.split_part('email', "'@'", 2) }}, ''), 'unknown') as domain,
        {{ acton.acton_day('sent_at', 'source_relation') }} as date_day
    from {{ ref('int_acton__sendings') }}
    where was_sent and email is not null
),

days as (
    select
        source_relation,
        domain,
        date_day,
        count(*) as sent,
        {{ acton.acton_count_where('was_bounced') }} as bounces,
        {{ acton.acton_count_where('was_hard_bounced') }} as hard_bounces,
        {{ acton.acton_count_where('was_soft_bounced') }} as soft_bounces,
        {{ acton.acton_count_where('was_complained') }} as complaints,
        {{ acton.acton_count_where('was_opted_out') }} as opt_outs
    from sendings
    group by source_relation, domain, date_day
),

rates as (
    select
        *,
        {{ acton.acton_rate('bounces', 'sent') }} as bounce_rate,
        {{ acton.acton_rate('complaints', 'sent - bounces') }} as complaint_rate
    from days
)

select
    source_relation,
    domain,
    date_day,
    sent,
    bounces,
    hard_bounces,
    soft_bounces,
    complaints,
    opt_outs,
    bounce_rate,
    complaint_rate,
    coalesce(bounce_rate > 0.05, false) or coalesce(complaint_rate > 0.003, false) as alarm
from rates
