with messages as (
    select *
    from {{ ref('stg_acton__messages') }}
    -- Drafts, templates and scheduled messages have a sending time, too.
    where message_type in ('SENT', 'TRIGGERED', 'FAILED')
),

program_ids as (
    select
        source_relation,
        message_id,
        {{ acton_json_list('program_id') }} as program_ids
    from (
        -- Programs of different types may have the same id.
        select distinct source_relation, message_id, program_id
        from {{ ref('int_acton__program_messages') }}
    ) as listed
    group by source_relation, message_id
),

counted as (
    select
        messages.source_relation,
        messages.message_id,
        coalesce(messages.message_name, reports.message_name) as message_name,
        reports.subject,
        messages.message_type,
        messages.sent_at,
        {{ acton_day('messages.sent_at', 'messages.source_relation') }} as sent_on,
        messages.sender_name,
        messages.sender_email,
        messages.folder_name,
        program_ids.program_ids,
        reports.sent_to as list_ids,
        reports.suppressed_on as suppressed_list_ids,
        coalesce(reports.sent, events.sent) as sent,
        -- Older accounts always have 0 in Act-On's own number.
        coalesce(
            nullif(reports.delivered, 0),
            case when reports.bounced > reports.sent then 0 else reports.sent - reports.bounced end,
            events.delivered
        ) as delivered,
        coalesce(reports.bounced, events.bounced) as bounced,
        coalesce(reports.hard_bounced, events.hard_bounced) as hard_bounced,
        coalesce(reports.soft_bounced, events.soft_bounced) as soft_bounced,
        coalesce(reports.opened_unique, events.opened_unique) as opened_unique,
        coalesce(reports.opened_total, events.opened_total) as opened_total,
        coalesce(reports.clicked_unique, events.clicked_unique) as clicked_unique,
        coalesce(reports.clicked_total, events.clicked_total) as clicked_total,
        coalesce(reports.not_sent_total, events.suppressed) as suppressed,
        coalesce(reports.opt_out, events.opted_out) as opted_out,
        coalesce(reports.spam, events.complained) as complained,
        events.first_opened_at,
        coalesce(reports.last_opened_at, events.last_opened_at) as last_opened_at,
        coalesce(reports.last_clicked_at, events.last_clicked_at) as last_clicked_at,
        events.average_minutes_to_open
    from messages
    left join {{ ref('stg_acton__message_reports') }} as reports
        on
            messages.source_relation = reports.source_relation
            and messages.message_id = reports.message_id
    left join {{ ref('int_acton__message_totals') }} as events
        on
            messages.source_relation = events.source_relation
            and messages.message_id = events.message_id
    left join program_ids
        on
            messages.source_relation = program_ids.source_relation
            and messages.message_id = program_ids.message_id
)

select
    source_relation,
    message_id,
    message_name,
    subject,
    message_type,
    sent_at,
    sent_on,
    sender_name,
    sender_email,
    folder_name,
    program_ids,
    list_ids,
    suppressed_list_ids,
    sent,
    delivered,
    bounced,
    hard_bounced,
    soft_bounced,
    opened_unique,
    opened_total,
    clicked_unique,
    clicked_total,
    suppressed,
    opted_out,
    complained,
    {{ acton_rate('delivered', 'sent') }} as delivery_rate,
    {{ acton_rate('bounced', 'sent') }} as bounce_rate,
    {{ acton_rate('opened_unique', 'delivered') }} as open_rate,
    {{ acton_rate('clicked_unique', 'delivered') }} as click_rate,
    {{ acton_rate('clicked_unique', 'opened_unique') }} as click_to_open_rate,
    {{ acton_rate('opted_out', 'delivered') }} as opt_out_rate,
    {{ acton_rate('complained', 'delivered') }} as complaint_rate,
    first_opened_at,
    last_opened_at,
    last_clicked_at,
    average_minutes_to_open
from counted
