with keys as (
    select distinct
        source_relation,
        crm_object,
        crm_id,
        crm_id_15,
        contact_id,
        list_contact_id
    from {{ ref('acton__crm_keys') }}
)

select
    keys.source_relation,
    keys.crm_object,
    keys.crm_id,
    keys.crm_id_15,
    'segment' as kind,
    segments.segment_id as list_id,
    segments.segment_name as list_name
from keys
inner join {{ ref('int_acton__segment_members') }} as members
    on
        keys.source_relation = members.source_relation
        and keys.contact_id = members.contact_id
inner join {{ ref('stg_acton__segments') }} as segments
    on
        members.source_relation = segments.source_relation
        and members.segment_id = segments.segment_id
union distinct
select
    keys.source_relation,
    keys.crm_object,
    keys.crm_id,
    keys.crm_id_15,
    'list' as kind,
    lists.list_id,
    lists.list_name
from keys
inner join {{ ref('stg_acton__list_members') }} as members
    on
        keys.source_relation = members.source_relation
        and keys.list_contact_id = members.list_contact_id
inner join {{ ref('stg_acton__lists') }} as lists
    on
        members.source_relation = lists.source_relation
        and members.list_id = lists.list_id
        and lower(lists.listing_type) = 'contact_list'
