select
    source_relation,
    crm_object,
    crm_id,
    crm_id_15,
    contact_id,
    email,
    score,
    updated_at
from {{ ref('acton__contacts') }}
where crm_id is not null and score is not null
