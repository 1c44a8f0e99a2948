with attendance as (
    select * from {{ ref('acton__webinar_attendance') }}
),

clients as (
    select distinct
        source_relation,
        on24_client_id
    from attendance
),

-- A webinar that nobody has registered for is a list without rows, in the folder of an ON24 client.
lists as (
    select
        lists.source_relation,
        lists.list_id as webinar_id,
        lists.list_name as webinar_name,
        lists.folder_name as on24_client_id
    from {{ ref('stg_acton__lists') }} as lists
    inner join clients
        on lists.source_relation = clients.source_relation and lists.folder_name = clients.on24_client_id
    where lower(lists.listing_type) = 'contact_list'
),

listed as (
    select
        source_relation,
        webinar_id,
        webinar_name,
        on24_client_id
    from attendance
    union all
    select * from lists
),

webinars as (
    select
        source_relation,
        webinar_id,
        max(webinar_name) as webinar_name,
        max(on24_client_id) as on24_client_id
    from listed
    group by source_relation, webinar_id
),

counts as (
    select
        source_relation,
        webinar_id,
        count(*) as registrants,
        {{ acton.acton_count_where('has_attended') }} as attendees,
        avg(case when has_attended then live_minutes end) as average_live_minutes,
        min(registered_at) as first_registered_at,
        max(registered_at) as last_registered_at
    from attendance
    group by source_relation, webinar_id
)

select
    webinars.source_relation,
    webinars.webinar_id,
    webinars.webinar_name,
    webinars.on24_client_id,
    coalesce(counts.registrants, 0) as registrants,
    coalesce(counts.attendees, 0) as attendees,
    {{ acton.acton_rate('counts.attendees', 'counts.registrants') }} as attendance_rate,
    counts.average_live_minutes,
    counts.first_registered_at,
    counts.last_registered_at
from webinars
left join counts
    on webinars.source_relation = counts.source_relation and webinars.webinar_id = counts.webinar_id
