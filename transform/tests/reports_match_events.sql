{#- Act-On's reports count what its lists of events hold. They differ for a while when events come late, and for good
    where the setting event_types leaves some out. -#}
{{ config(severity='warn') }}

select
    reports.source_relation,
    reports.message_id,
    reports.sent,
    events.sent as sent_events,
    reports.bounced,
    events.bounced as bounced_events,
    reports.opened_total,
    events.opened_total as opened_events,
    reports.clicked_total,
    events.clicked_total as clicked_events,
    reports.opt_out,
    events.opted_out as opted_out_events,
    reports.spam,
    events.complained as complained_events
from {{ ref('stg_acton__message_reports') }} as reports
inner join {{ ref('int_acton__message_totals') }} as events
    on
        reports.source_relation = events.source_relation
        and reports.message_id = events.message_id
where
    reports.sent <> events.sent
    or reports.bounced <> events.bounced
    or reports.opened_unique <> events.opened_unique
    or reports.opened_total <> events.opened_total
    or reports.clicked_unique <> events.clicked_unique
    or reports.clicked_total <> events.clicked_total
    or reports.opt_out <> events.opted_out
    or reports.spam <> events.complained
