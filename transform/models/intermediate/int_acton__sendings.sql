with events as (
    select
        source_relation,
        message_id,
        list_contact_id,
        email,
        event_type,
        upper(data) as bounce_type,
        event_at,
        case when event_type = 'SENT' then 0 else 1 end as place
    from {{ ref('stg_acton__message_events') }}
    where event_type in ('SENT', 'BOUNCED', 'SPAM', 'OPT_OUT') and email is not null
),

dated as (
    select
        *,
        max(case when event_type = 'SENT' then event_at end) over (
            partition by source_relation, message_id, list_contact_id, email
            order by event_at, place
            rows between unbounded preceding and current row
        ) as last_sent_at
    from events
)

select
    source_relation,
    message_id,
    list_contact_id,
    email,
    coalesce(last_sent_at, event_at) as sent_at,
    max(case when event_type = 'SENT' then 1 else 0 end) as sent,
    max(case when event_type = 'BOUNCED' and bounce_type = 'HARD' then 1 else 0 end) as hard_bounced,
    max(case when event_type = 'BOUNCED' and bounce_type <> 'HARD' then 1 else 0 end) as soft_bounced,
    max(case when event_type = 'SPAM' then 1 else 0 end) as complained,
    max(case when event_type = 'OPT_OUT' then 1 else 0 end) as opted_out
from dated
group by source_relation, message_id, list_contact_id, email, coalesce(last_sent_at, event_at)
