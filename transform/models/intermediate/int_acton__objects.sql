select
    source_relation,
    'message' as kind,
    message_id as object_id,
    message_name as object_name
from {{ ref('stg_acton__messages') }}
union all
select
    source_relation,
    'form' as kind,
    form_id as object_id,
    form_name as object_name
from {{ ref('stg_acton__forms') }}
union all
select
    source_relation,
    'landing_page' as kind,
    landing_page_id as object_id,
    landing_page_name as object_name
from {{ ref('stg_acton__landing_pages') }}
union all
select
    source_relation,
    'media' as kind,
    media_id as object_id,
    media_name as object_name
from {{ ref('stg_acton__media') }}
union all
select
    source_relation,
    'webinar' as kind,
    list_id as object_id,
    list_name as object_name
from {{ ref('stg_acton__lists') }}
where lower(listing_type) = 'contact_list'
