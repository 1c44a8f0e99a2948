{#- Who an event is about: the row of a list, else the address. -#}
{% macro acton_recipient_key() -%}
    coalesce(list_contact_id, email, 'unknown')
{%- endmacro %}

{#- Whether a bounce is hard or soft. Act-On says so in one of two columns.

    Args:
        kind: hard or soft.
-#}
{% macro acton_is_bounce(kind) -%}
    (events.event_type = 'BOUNCED' and (lower(events.data) like '%{{ kind }}%' or lower(events.action) like '%{{ kind }}%'))
{%- endmacro %}

{#- The messages that an incremental model has to compute anew: those whose events are not the ones that it knows.
    The model reads them from `events`, and keeps how many it has counted and when the latest was extracted. -#}
{% macro acton_changed_messages() %}
    select
        loaded.source_relation,
        loaded.message_id
    from (
        select
            source_relation,
            message_id,
            count(*) as events,
            max(extracted_at) as extracted_at
        from events
        group by source_relation, message_id
    ) as loaded
    {%- if is_incremental() %}
    left join (
        select
            source_relation,
            message_id,
            sum(events) as events,
            max(extracted_at) as extracted_at
        from {{ this }}
        group by source_relation, message_id
    ) as known
        on
            loaded.source_relation = known.source_relation
            and loaded.message_id = known.message_id
    where
        known.message_id is null
        or loaded.events <> known.events
        or loaded.extracted_at <> known.extracted_at
        -- Where the loader adds no times, a change does not show.
        or loaded.extracted_at is null
    {%- endif %}
{% endmacro %}

{#- Removes from an incremental model the messages that have no events any more.

    Args:
        has_time: Whether the model only takes events with a time.
-#}
{% macro acton_delete_messages_without_events(has_time=false) %}
    {%- if is_incremental() %}
delete from {{ this }}
where not exists (
    select 1
    from ({{ acton.acton_staging('message_events') }}) as events
    where
        events.source_relation = {{ this.identifier }}.source_relation
        and events.message_id = {{ this.identifier }}.message_id
        {%- if has_time %}
        and events.event_at is not null
        {%- endif %}
)
    {%- endif %}
{% endmacro %}
