with outcomes as (
    select
        events.source_relation,
        events.message_id,
        {{ acton.acton_recipient_key() }} as recipient_key,
        events.email,
        events.event_at,
        events.event_type = 'SENT' as is_sent,
        {{ acton.acton_is_bounce('hard') }} as is_hard_bounce,
        {{ acton.acton_is_bounce('soft') }} as is_soft_bounce,
        events.event_type = 'BOUNCED' as is_bounce,
        events.event_type = 'SPAM' as is_complaint,
        events.event_type = 'OPT_OUT' as is_opt_out,
        events.event_type = 'OPENED' as is_open,
        events.event_type = 'CLICKED' as is_click
    from {{ ref('stg_acton__message_events') }} as events
    where
        events.event_type in ('SENT', 'BOUNCED', 'SPAM', 'OPT_OUT', 'OPENED', 'CLICKED')
        and events.event_at is not null
),

-- What happens belongs to the latest sending before it: a triggered message may go to somebody again.
dated as (
    select
        *,
        max(case when is_sent then event_at end) over (
            partition by source_relation, message_id, recipient_key
            order by event_at, case when is_sent then 0 else 1 end
            rows between unbounded preceding and current row
        ) as last_sent_at
    from outcomes
),

sendings as (
    select
        source_relation,
        message_id,
        recipient_key,
        coalesce(last_sent_at, event_at) as sent_at,
        max(email) as email,
        {{ acton.acton_count_where('is_sent') }} as sends,
        {{ acton.acton_count_where('is_hard_bounce') }} as hard_bounces,
        {{ acton.acton_count_where('is_soft_bounce') }} as soft_bounces,
        {{ acton.acton_count_where('is_bounce') }} as bounces,
        {{ acton.acton_count_where('is_complaint') }} as complaints,
        {{ acton.acton_count_where('is_opt_out') }} as opt_outs,
        {{ acton.acton_count_where('is_open') }} as opens,
        {{ acton.acton_count_where('is_click') }} as clicks
    from dated
    group by source_relation, message_id, recipient_key, coalesce(last_sent_at, event_at)
)

select
    source_relation,
    message_id,
    recipient_key,
    email,
    sent_at,
    sends > 0 as was_sent,
    bounces > 0 as was_bounced,
    hard_bounces > 0 as was_hard_bounced,
    soft_bounces > 0 and hard_bounces = 0 as was_soft_bounced,
    complaints > 0 as was_complained,
    opt_outs > 0 as was_opted_out,
    opens > 0 as was_opened,
    clicks > 0 as was_clicked
from sendings
-- An open or a click without its sending says nothing about one.
where sends + bounces + complaints + opt_outs > 0
