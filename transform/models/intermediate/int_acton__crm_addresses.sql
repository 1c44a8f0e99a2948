select distinct
    source_relation,
    crm_object,
    crm_id,
    crm_id_15,
    email
from {{ ref('acton__crm_keys') }}
where email is not null
