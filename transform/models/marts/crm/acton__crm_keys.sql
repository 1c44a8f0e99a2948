with list_rows as (
    select
        members.source_relation,
        members.list_contact_id,
        members.email,
        {{ acton_json_text('members.fields', var('acton_crm_id_header')) }} as crm_id
    from {{ ref('stg_acton__list_members') }} as members
    inner join {{ ref('stg_acton__lists') }} as lists
        on
            members.source_relation = lists.source_relation
            and members.list_id = lists.list_id
            and lower(lists.listing_type) = 'contact_list'
    where lists.is_salesforce or lists.is_salesforce_report
),

found as (
    select
        source_relation,
        {{ dbt.concat(["'contact:'", 'contact_id']) }} as crm_key,
        'contact' as via,
        object_type as crm_object,
        external_id as crm_id,
        contact_id,
        list_contact_id,
        email
    from {{ ref('stg_acton__contacts') }}
    where external_id is not null
    union all
    select
        list_rows.source_relation,
        {{ dbt.concat([
            "'list_row:'", 'list_rows.list_contact_id', "':'", "coalesce(contacts.contact_id, '')"
        ]) }} as crm_key,
        'list_row' as via,
        case left(list_rows.crm_id, 3)
            when '00Q' then 'Lead'
            when '003' then 'Contact'
        end as crm_object,
        list_rows.crm_id,
        contacts.contact_id,
        list_rows.list_contact_id,
        list_rows.email
    from list_rows
    left join {{ ref('stg_acton__contacts') }} as contacts
        on
            list_rows.source_relation = contacts.source_relation
            and list_rows.list_contact_id = contacts.list_contact_id
    where list_rows.crm_id is not null
),

records as (
    select
        *,
        {{ acton_crm_id_15('crm_id') }} as crm_id_15
    from found
),

compared as (
    select
        *,
        min(contact_id) over (partition by source_relation, crm_id_15) as first_contact_id,
        max(contact_id) over (partition by source_relation, crm_id_15) as last_contact_id,
        min(email) over (partition by source_relation, crm_id_15) as first_email,
        max(email) over (partition by source_relation, crm_id_15) as last_email,
        min(crm_id_15) over (partition by source_relation, email) as first_crm_id_15,
        max(crm_id_15) over (partition by source_relation, email) as last_crm_id_15
    from records
)

select
    source_relation,
    crm_key,
    max(crm_object) over (partition by source_relation, crm_id_15) as crm_object,
    max(crm_id) over (partition by source_relation, crm_id_15) as crm_id,
    crm_id_15,
    contact_id,
    list_contact_id,
    email,
    via,
    coalesce(first_contact_id <> last_contact_id, false)
    or coalesce(first_email <> last_email, false)
    or coalesce(email is not null and first_crm_id_15 <> last_crm_id_15, false) as is_ambiguous
from compared
