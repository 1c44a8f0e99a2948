select
    pages.source_relation,
    pages.landing_page_id,
    pages.landing_page_name,
    pages.folder_name,
    pages.url,
    pages.created_at,
    {{ acton.acton_day('pages.created_at', 'pages.source_relation') }} as created_on,
    pages.modified_at,
    reports.total_visits as visits,
    reports.unique_unknown_visits as unique_unknown_visitors
from {{ ref('stg_acton__landing_pages') }} as pages
left join {{ ref('stg_acton__landing_page_reports') }} as reports
    on
        pages.source_relation = reports.source_relation
        and pages.landing_page_id = reports.landing_page_id
