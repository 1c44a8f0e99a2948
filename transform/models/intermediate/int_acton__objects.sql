select source_relation, message_id as object_id, message_name as object_name from {{ ref('stg_acton__messages') }}
union all
select source_relation, form_id as object_id, form_name as object_name from {{ ref('stg_acton__forms') }}
union all
select source_relation, landing_page_id as object_id, landing_page_name as object_name
from {{ ref('stg_acton__landing_pages') }}
union all
select source_relation, media_id as object_id, media_name as object_name from {{ ref('stg_acton__media') }}
union all
select source_relation, list_id as object_id, list_name as object_name
from {{ ref('stg_acton__lists') }}
where listing_type = 'contact_list'
