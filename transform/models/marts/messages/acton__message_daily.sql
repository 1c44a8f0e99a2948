{{ config(
    materialized='table' if target.type == 'bigquery' else 'incremental',
    incremental_strategy='delete+insert',
    unique_key=['source_relation', 'message_id'],
    on_schema_change='sync_all_columns',
    pre_hook='{{ acton_delete_messages_without_events(has_time=true) }}'
) }}

with events as (
    select
        source_relation,
        message_id,
        {{ acton_recipient_key() }} as recipient_key,
        event_type,
        event_at,
        data,
        action,
        extracted_at
    from {{ ref('stg_acton__message_events') }}
    where event_at is not null
),

messages as (
    select
        source_relation,
        message_id,
        {{ acton_day('sent_at', 'source_relation') }} as sent_on
    from {{ ref('stg_acton__messages') }}
),

changed as (
    {{ acton_changed_messages() }}
    {%- if is_incremental() %}
    union distinct
    -- The events are the same, but the day of sending or the time zone is another one.
    select
        known.source_relation,
        known.message_id
    from {{ this }} as known
    left join messages
        on
            known.source_relation = messages.source_relation
            and known.message_id = messages.message_id
    where
        coalesce(known.time_zone, '') <> {{ acton_time_zone('known.source_relation') }}
        or coalesce(known.days_since_sent <> {{ dbt.datediff('messages.sent_on', 'known.date_day', 'day') }}, false)
        or (known.days_since_sent is null and messages.sent_on is not null)
        or (known.days_since_sent is not null and messages.sent_on is null)
    {%- endif %}
),

dated as (
    select
        events.*,
        {{ acton_day('events.event_at', 'events.source_relation') }} as date_day
    from events
    inner join changed
        on
            events.source_relation = changed.source_relation
            and events.message_id = changed.message_id
),

days as (
    select
        events.source_relation,
        events.message_id,
        events.date_day,
        {{ acton_count_where("events.event_type = 'SENT'") }} as sent,
        {{ acton_count_where("events.event_type = 'OPENED'") }} as opens,
        count(distinct case when events.event_type = 'OPENED' then events.recipient_key end) as unique_openers,
        {{ acton_count_where("events.event_type = 'CLICKED'") }} as clicks,
        count(distinct case when events.event_type = 'CLICKED' then events.recipient_key end) as unique_clickers,
        {{ acton_count_where("events.event_type = 'BOUNCED'") }} as bounces,
        {{ acton_count_where(acton_is_bounce('hard')) }} as hard_bounces,
        {{ acton_count_where(acton_is_bounce('soft')) }} as soft_bounces,
        {{ acton_count_where("events.event_type = 'OPT_OUT'") }} as opt_outs,
        {{ acton_count_where("events.event_type = 'SPAM'") }} as complaints,
        count(*) as events,
        max(events.extracted_at) as extracted_at
    from dated as events
    group by events.source_relation, events.message_id, events.date_day
)

select
    days.source_relation,
    days.message_id,
    days.date_day,
    {{ acton_time_zone('days.source_relation') }} as time_zone,
    {{ dbt.datediff('messages.sent_on', 'days.date_day', 'day') }} as days_since_sent,
    days.sent,
    days.opens,
    days.unique_openers,
    days.clicks,
    days.unique_clickers,
    days.bounces,
    days.hard_bounces,
    days.soft_bounces,
    days.opt_outs,
    days.complaints,
    days.events,
    days.extracted_at
from days
left join messages
    on
        days.source_relation = messages.source_relation
        and days.message_id = messages.message_id
