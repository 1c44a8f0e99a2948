{#- Whoever has bounced, complained or opted out by an event of a message is in Act-On's lists, too: the models count by
    the lists alone. A warning, since the lists may lag behind the events, or not be loaded. -#}
{{ config(severity='warn') }}

with outcomes as (
    select
        events.source_relation,
        events.email,
        events.event_type,
        case events.event_type
            when 'SPAM' then 'spam_complaint'
            when 'OPT_OUT' then 'opt_out'
            else 'hard_bounce'
        end as reason
    from {{ ref('stg_acton__message_events') }} as events
    where
        events.email is not null
        and (events.event_type in ('SPAM', 'OPT_OUT') or {{ acton_is_bounce('hard') }})
),

suppressions as (
    select distinct
        source_relation,
        email,
        replace(reason, 'category_', '') as reason
    from {{ ref('acton__suppressions') }}
)

select
    outcomes.source_relation,
    outcomes.event_type,
    count(*) as events
from outcomes
left join suppressions
    on
        outcomes.source_relation = suppressions.source_relation
        and outcomes.email = suppressions.email
        and outcomes.reason = suppressions.reason
where suppressions.email is null
group by outcomes.source_relation, outcomes.event_type
