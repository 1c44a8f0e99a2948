select
    addresses.source_relation,
    addresses.crm_object,
    addresses.crm_id,
    addresses.crm_id_15,
    addresses.email,
    bounces.last_at as bounced_at,
    bounces.last_origin as origin
from {{ ref('int_acton__crm_addresses') }} as addresses
inner join {{ ref('acton__suppressions') }} as bounces
    on
        addresses.source_relation = bounces.source_relation
        and addresses.email = bounces.email
        and bounces.reason = 'hard_bounce'
