select
    registrants.source_relation,
    registrants.list_id as webinar_id,
    lists.list_name as webinar_name,
    registrants.on24_client_id,
    registrants.list_contact_id,
    registrants.email,
    registrants.company,
    registrants.job_function,
    registrants.lead_source,
    registrants.status,
    coalesce(lower(registrants.status) = 'attended', false) or registrants.attended_at is not null as has_attended,
    registrants.registered_at,
    {{ acton.acton_day('registrants.registered_at', 'registrants.source_relation') }} as registered_on,
    registrants.attended_at,
    registrants.live_duration as live_minutes,
    registrants.archive_duration as archive_minutes,
    registrants.engagement_score,
    registrants.poll_responses,
    registrants.questions_asked,
    registrants.surveys_submitted,
    registrants.resources_viewed
from {{ ref('stg_acton__webinar_registrants') }} as registrants
left join {{ ref('stg_acton__lists') }} as lists
    on
        registrants.source_relation = lists.source_relation
        and registrants.list_id = lists.list_id
        and lower(lists.listing_type) = 'contact_list'
