with keys as (
    select distinct
        source_relation,
        crm_object,
        crm_id,
        crm_id_15,
        contact_id
    from {{ ref('acton__crm_keys') }}
)

select
    keys.source_relation,
    keys.crm_object,
    keys.crm_id,
    keys.crm_id_15,
    keys.contact_id,
    contacts.email,
    scores.score_id,
    scores.score_sheet_name,
    scores.score
from keys
inner join {{ ref('acton__contacts') }} as contacts
    on
        keys.source_relation = contacts.source_relation
        and keys.contact_id = contacts.contact_id
inner join {{ ref('stg_acton__contact_scores') }} as scores
    on
        keys.source_relation = scores.source_relation
        and keys.contact_id = scores.contact_id
