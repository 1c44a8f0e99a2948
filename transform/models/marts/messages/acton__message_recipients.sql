{{ config(
    materialized='table' if target.type == 'bigquery' else 'incremental',
    incremental_strategy='delete+insert',
    unique_key=['source_relation', 'message_id'],
    on_schema_change='sync_all_columns',
    pre_hook='{{ acton_delete_messages_without_events() }}'
) }}

with events as (
    select
        source_relation,
        message_id,
        {{ acton_recipient_key() }} as recipient_key,
        list_contact_id,
        email,
        event_type,
        event_at,
        data,
        action,
        extracted_at
    from {{ ref('stg_acton__message_events') }}
),

changed as (
    {{ acton_changed_messages() }}
),

recipients as (
    select
        events.source_relation,
        events.message_id,
        events.recipient_key,
        max(events.list_contact_id) as list_contact_id,
        max(events.email) as email,
        min(case when events.event_type = 'SENT' then events.event_at end) as sent_at,
        max(case when events.event_type = 'SENT' then events.event_at end) as last_sent_at,
        min(case when events.event_type = 'OPENED' then events.event_at end) as first_opened_at,
        max(case when events.event_type = 'OPENED' then events.event_at end) as last_opened_at,
        min(case when events.event_type = 'CLICKED' then events.event_at end) as first_clicked_at,
        max(case when events.event_type = 'CLICKED' then events.event_at end) as last_clicked_at,
        max(events.event_at) as last_event_at,
        {{ acton_count_where("events.event_type = 'SENT'") }} as sends,
        {{ acton_count_where("events.event_type = 'OPENED'") }} as opens,
        {{ acton_count_where("events.event_type = 'CLICKED'") }} as clicks,
        {{ acton_count_where("events.event_type = 'BOUNCED'") }} as bounces,
        {{ acton_count_where(acton_is_bounce('hard')) }} as hard_bounces,
        {{ acton_count_where(acton_is_bounce('soft')) }} as soft_bounces,
        {{ acton_count_where("events.event_type = 'SUPPRESSED'") }} as suppressions,
        {{ acton_count_where("events.event_type = 'OPT_OUT'") }} as opt_outs,
        {{ acton_count_where("events.event_type = 'SPAM'") }} as complaints,
        count(*) as events,
        max(events.extracted_at) as extracted_at
    from events
    inner join changed
        on
            events.source_relation = changed.source_relation
            and events.message_id = changed.message_id
    group by events.source_relation, events.message_id, events.recipient_key
)

select
    source_relation,
    message_id,
    recipient_key,
    list_contact_id,
    email,
    sent_at,
    last_sent_at,
    sends,
    opens,
    clicks,
    first_opened_at,
    last_opened_at,
    first_clicked_at,
    last_clicked_at,
    last_event_at,
    bounces,
    hard_bounces,
    soft_bounces,
    case
        when hard_bounces > 0 then 'hard'
        when soft_bounces > 0 then 'soft'
        when bounces > 0 then 'unknown'
    end as bounce_type,
    suppressions,
    opt_outs,
    complaints,
    sends > 0 as was_sent,
    sends > 0 and bounces = 0 as was_delivered,
    opens > 0 as was_opened,
    clicks > 0 as was_clicked,
    bounces > 0 as was_bounced,
    opt_outs > 0 as was_opted_out,
    complaints > 0 as was_complained,
    {{ dbt.datediff('sent_at', 'first_opened_at', 'second') }} / 60.0 as minutes_to_open,
    events,
    extracted_at
from recipients
