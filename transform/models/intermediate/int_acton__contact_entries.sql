with history as (
    select
        source_relation,
        'contact_history' as stream,
        activity_id,
        contact_id,
        cast(null as {{ acton_type('text') }}) as list_contact_id,
        activity_at,
        verb,
        verb_name,
        what,
        object_id,
        object_type
    from {{ ref('stg_acton__contact_history') }}
),

contacts_without_history as (
    select
        contacts.source_relation,
        contacts.contact_id,
        contacts.list_contact_id
    from {{ ref('stg_acton__contacts') }} as contacts
    left join (select distinct source_relation, contact_id from history) as known
        on
            contacts.source_relation = known.source_relation
            and contacts.contact_id = known.contact_id
    where known.contact_id is null
)

select * from history
union all
select
    activities.source_relation,
    'contact_activities' as stream,
    activities.activity_id,
    contacts_without_history.contact_id,
    activities.list_contact_id,
    activities.activity_at,
    activities.verb,
    activities.verb_name,
    activities.what,
    activities.object_id,
    activities.object_type
from {{ ref('stg_acton__contact_activities') }} as activities
inner join contacts_without_history
    on
        activities.source_relation = contacts_without_history.source_relation
        and activities.list_contact_id = contacts_without_history.list_contact_id
