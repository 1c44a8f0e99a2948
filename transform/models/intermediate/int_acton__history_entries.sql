with contact_entries as (
    select distinct
        source_relation,
        stream,
        activity_id,
        -- Contacts that came from one list row share its entries.
        case
            when count(*) over (partition by source_relation, stream, activity_id) = 1 then contact_id
        end as contact_id,
        list_contact_id,
        activity_at,
        verb,
        verb_name,
        what,
        object_id,
        object_type
    from {{ ref('int_acton__contact_entries') }}
),

entries_without_contact as (
    select
        activities.source_relation,
        'contact_activities' as stream,
        activities.activity_id,
        contacts.contact_id,
        activities.list_contact_id,
        activities.activity_at,
        activities.verb,
        activities.verb_name,
        activities.what,
        activities.object_id,
        activities.object_type
    from {{ ref('stg_acton__contact_activities') }} as activities
    left join {{ ref('stg_acton__contacts') }} as contacts
        on
            activities.source_relation = contacts.source_relation
            and activities.list_contact_id = contacts.list_contact_id
    where contacts.contact_id is null
),

histories as (
    select * from contact_entries
    union all
    select * from entries_without_contact
),

list_members as (
    select
        source_relation,
        list_contact_id,
        max(email) as email
    from {{ ref('stg_acton__list_members') }}
    group by source_relation, list_contact_id
)

select
    histories.source_relation,
    histories.stream,
    histories.activity_id,
    histories.contact_id,
    histories.list_contact_id,
    coalesce(contacts.email, list_members.email) as email,
    histories.activity_at,
    case
        when histories.verb in ('fv', 'fs', 'fu') then 'form'
        when histories.verb = 'l' then 'landing_page'
        when histories.verb in ('wr', 'wa') then 'webinar'
        when histories.verb in ('s', 'os', 'r', 'hb', 'sb', 'sp') then 'message'
        when histories.verb = 'd' then 'media'
        when histories.verb in ('b', 'sv', 'sto', 'stp') then 'website'
        when histories.object_type = 'msg' then 'message'
        when histories.object_type = 'form' then 'form'
        when histories.object_type = 'page' then 'landing_page'
        when histories.object_type = 'webinar' then 'webinar'
        else 'other'
    end as kind,
    histories.verb,
    coalesce(histories.verb_name, histories.verb) as verb_name,
    histories.what,
    histories.object_id,
    histories.object_type
from histories
left join {{ ref('stg_acton__contacts') }} as contacts
    on
        histories.source_relation = contacts.source_relation
        and histories.contact_id = contacts.contact_id
left join list_members
    on
        histories.source_relation = list_members.source_relation
        and histories.list_contact_id = list_members.list_contact_id
