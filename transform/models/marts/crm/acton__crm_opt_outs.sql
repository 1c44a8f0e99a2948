select
    addresses.source_relation,
    addresses.crm_object,
    addresses.crm_id,
    addresses.crm_id_15,
    addresses.email,
    opt_outs.subscription_category_id,
    opt_outs.category_name,
    opt_outs.last_at as opted_out_at,
    opt_outs.last_origin as origin
from {{ ref('int_acton__crm_addresses') }} as addresses
inner join {{ ref('acton__suppressions') }} as opt_outs
    on
        addresses.source_relation = opt_outs.source_relation
        and addresses.email = opt_outs.email
        and opt_outs.reason in ('opt_out', 'category_opt_out')
