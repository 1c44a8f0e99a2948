with messages_with_events as (
    select distinct source_relation, message_id
    from {{ ref('acton__message_recipients') }}
),

registrants as (
    select
        source_relation,
        webinar_id,
        list_contact_id,
        email,
        registered_at,
        case when has_attended then attended_at end as attended_at
    from {{ ref('acton__webinar_attendance') }}
),

registered_addresses as (
    select distinct source_relation, email
    from registrants
    where email is not null
),

media_views as (
    select
        source_relation,
        media_view_id,
        media_id,
        lower(trim(recipient)) as email,
        action,
        viewed_at
    from {{ ref('stg_acton__media_views') }}
    where is_known and recipient like '%@%'
),

viewers as (
    select distinct source_relation, media_id, email
    from media_views
),

history_entries as (
    select entries.*
    from {{ ref('int_acton__history_entries') }} as entries
    left join messages_with_events
        on
            entries.source_relation = messages_with_events.source_relation
            and entries.object_id = messages_with_events.message_id
    left join registered_addresses
        on
            entries.source_relation = registered_addresses.source_relation
            and entries.email = registered_addresses.email
            and entries.kind = 'webinar'
    left join viewers
        on
            entries.source_relation = viewers.source_relation
            and entries.object_id = viewers.media_id
            and entries.email = viewers.email
            and entries.kind = 'media'
    -- What has a stream of its own comes from there.
    where
        messages_with_events.message_id is null
        and registered_addresses.email is null
        and viewers.media_id is null
),

activities as (
    select
        source_relation,
        {{ dbt.concat(["'message_events:'", 'event_id']) }} as activity_key,
        event_at as occurred_at,
        cast(null as {{ acton_type('text') }}) as contact_id,
        list_contact_id,
        email,
        'message' as kind,
        case event_type
            when 'OPT_OUT' then 'opted out'
            when 'SPAM' then 'complained'
            else lower(event_type)
        end as verb,
        event_type in ('OPENED', 'CLICKED') as is_engagement,
        'message' as object_type,
        message_id as object_id,
        cast(null as {{ acton_type('text') }}) as object_name
    from {{ ref('stg_acton__message_events') }}
    union all
    select
        source_relation,
        {{ dbt.concat(['stream', "':'", 'activity_id']) }} as activity_key,
        activity_at as occurred_at,
        contact_id,
        list_contact_id,
        email,
        kind,
        verb_name as verb,
        coalesce(verb, '') not in ('s', 'E', 'oi', 'oo', 'hb', 'sb', 'sp') as is_engagement,
        object_type,
        object_id,
        what as object_name
    from history_entries
    union all
    select
        source_relation,
        {{ dbt.concat(["'webinar_registrants:registered:'", 'webinar_id', "':'", 'list_contact_id']) }} as activity_key,
        registered_at as occurred_at,
        cast(null as {{ acton_type('text') }}) as contact_id,
        list_contact_id,
        email,
        'webinar' as kind,
        'registered' as verb,
        true as is_engagement,
        'webinar' as object_type,
        webinar_id as object_id,
        cast(null as {{ acton_type('text') }}) as object_name
    from registrants
    union all
    select
        source_relation,
        {{ dbt.concat(["'webinar_registrants:attended:'", 'webinar_id', "':'", 'list_contact_id']) }} as activity_key,
        attended_at as occurred_at,
        cast(null as {{ acton_type('text') }}) as contact_id,
        list_contact_id,
        email,
        'webinar' as kind,
        'attended' as verb,
        true as is_engagement,
        'webinar' as object_type,
        webinar_id as object_id,
        cast(null as {{ acton_type('text') }}) as object_name
    from registrants
    union all
    select
        source_relation,
        {{ dbt.concat(["'media_views:'", 'media_view_id']) }} as activity_key,
        viewed_at as occurred_at,
        cast(null as {{ acton_type('text') }}) as contact_id,
        cast(null as {{ acton_type('text') }}) as list_contact_id,
        email,
        'media' as kind,
        action as verb,
        true as is_engagement,
        'media' as object_type,
        media_id as object_id,
        cast(null as {{ acton_type('text') }}) as object_name
    from media_views
),

-- An activity stays one row, so that it has a contact only where nothing else can be meant.
contact_of_list_row as (
    select
        source_relation,
        list_contact_id,
        max(contact_id) as contact_id
    from {{ ref('stg_acton__contacts') }}
    where list_contact_id is not null
    group by source_relation, list_contact_id
    having count(*) = 1
),

contact_of_email as (
    select
        source_relation,
        email,
        max(contact_id) as contact_id
    from {{ ref('stg_acton__contacts') }}
    where email is not null
    group by source_relation, email
    having count(*) = 1
)

select
    activities.source_relation,
    activities.activity_key,
    activities.occurred_at,
    activities.email,
    coalesce(
        activities.contact_id, contact_of_list_row.contact_id, contact_of_email.contact_id
    ) as contact_id,
    activities.kind,
    activities.verb,
    activities.is_engagement,
    activities.object_type,
    activities.object_id,
    coalesce(objects.object_name, activities.object_name) as object_name
from activities
left join contact_of_list_row
    on
        activities.source_relation = contact_of_list_row.source_relation
        and activities.list_contact_id = contact_of_list_row.list_contact_id
left join contact_of_email
    on
        activities.source_relation = contact_of_email.source_relation
        and activities.email = contact_of_email.email
left join {{ ref('int_acton__objects') }} as objects
    on
        activities.source_relation = objects.source_relation
        and activities.kind = objects.kind
        and activities.object_id = objects.object_id
where activities.occurred_at is not null
