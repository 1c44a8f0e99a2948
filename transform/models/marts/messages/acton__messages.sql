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
    from {{ ref('int_acton__program_messages') }}
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
        nullif(reports.delivered, 0) as delivered,
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
),

delivered as (
    select
        source_relation,
        message_id,
        -- Older accounts always have 0 in Act-On's own number.
        coalesce(delivered, sent - bounced) as delivered
    from counted
)

select
    counted.source_relation,
    counted.message_id,
    counted.message_name,
    counted.subject,
    counted.message_type,
    counted.sent_at,
    counted.sent_on,
    counted.sender_name,
    counted.sender_email,
    counted.folder_name,
    counted.program_ids,
    counted.list_ids,
    counted.suppressed_list_ids,
    counted.sent,
    delivered.delivered,
    counted.bounced,
    counted.hard_bounced,
    counted.soft_bounced,
    counted.opened_unique,
    counted.opened_total,
    counted.clicked_unique,
    counted.clicked_total,
    counted.suppressed,
    counted.opted_out,
    counted.complained,
    {{ acton_rate('delivered.delivered', 'counted.sent') }} as delivery_rate,
    {{ acton_rate('counted.bounced', 'counted.sent') }} as bounce_rate,
    {{ acton_rate('counted.opened_unique', 'delivered.delivered') }} as open_rate,
    {{ acton_rate('counted.clicked_unique', 'delivered.delivered') }} as click_rate,
    {{ acton_rate('counted.clicked_unique', 'counted.opened_unique') }} as click_to_open_rate,
    {{ acton_rate('counted.opted_out', 'delivered.delivered') }} as opt_out_rate,
    {{ acton_rate('counted.complained', 'delivered.delivered') }} as complaint_rate,
    counted.first_opened_at,
    counted.last_opened_at,
    counted.last_clicked_at,
    counted.average_minutes_to_open
from counted
inner join delivered
    on
        counted.source_relation = delivered.source_relation
        and counted.message_id = delivered.message_id
