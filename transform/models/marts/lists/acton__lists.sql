with lists as (
    select *
    from {{ ref('stg_acton__lists') }}
    where lower(listing_type) = 'contact_list'
),

members as (
    select
        members.source_relation,
        members.list_id,
        members.created_at,
        members.email is not null and coalesce(addresses.is_mailable, true) as is_mailable
    from {{ ref('stg_acton__list_members') }} as members
    left join {{ ref('int_acton__suppressed_addresses') }} as addresses
        on members.source_relation = addresses.source_relation and members.email = addresses.email
),

counts as (
    select
        lists.source_relation,
        lists.list_id,
        count(*) as loaded_members,
        {{ acton.acton_count_where('members.is_mailable') }} as mailable_members,
        {{ acton.acton_count_where(
            'members.created_at > ' ~ acton.acton_days_ago(30) ~ ' and members.created_at <= ' ~ acton.acton_days_ago(0)
        ) }} as members_added_30d
    from lists
    inner join members
        on lists.source_relation = members.source_relation and lists.list_id = members.list_id
    group by lists.source_relation, lists.list_id
)

select
    lists.source_relation,
    lists.list_id,
    lists.list_name,
    lists.folder_name,
    lists.description,
    lists.is_list,
    lists.is_salesforce,
    lists.is_salesforce_report,
    lists.modified_at,
    lists.counted_at,
    {{ acton.acton_day('lists.counted_at', 'lists.source_relation') }} as counted_on,
    coalesce(lists.size, counts.loaded_members) as member_count,
    counts.loaded_members,
    counts.mailable_members,
    counts.members_added_30d
from lists
left join counts
    on lists.source_relation = counts.source_relation and lists.list_id = counts.list_id
