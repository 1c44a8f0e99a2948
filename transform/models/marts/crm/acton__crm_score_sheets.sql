select
    contacts.source_relation,
    contacts.crm_object,
    contacts.crm_id,
    contacts.crm_id_15,
    contacts.contact_id,
    contacts.email,
    scores.score_id,
    scores.score_sheet_name,
    scores.score
from {{ ref('stg_acton__contact_scores') }} as scores
inner join {{ ref('acton__contacts') }} as contacts
    on
        scores.source_relation = contacts.source_relation
        and scores.contact_id = contacts.contact_id
where contacts.crm_id is not null
