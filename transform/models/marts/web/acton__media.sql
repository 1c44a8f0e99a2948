with views as (
    select
        source_relation,
        media_id,
        min(viewed_at) as first_viewed_at,
        max(viewed_at) as last_viewed_at
    from {{ ref('stg_acton__media_views') }}
    group by source_relation, media_id
)

select
    media.source_relation,
    media.media_id,
    media.media_name,
    media.folder_name,
    media.url,
    media.target_url,
    media.size,
    media.created_at,
    media.modified_at,
    reports.total_known_views,
    reports.total_unknown_views,
    reports.unique_known_views,
    reports.unique_unknown_views,
    reports.total_messages,
    reports.total_from_messages,
    views.first_viewed_at,
    views.last_viewed_at,
    case when media.target_url is null then 'file' else 'link' end as kind,
    reports.total_known_views + reports.total_unknown_views as total_views
from {{ ref('stg_acton__media') }} as media
left join {{ ref('stg_acton__media_reports') }} as reports
    on media.source_relation = reports.source_relation and media.media_id = reports.media_id
left join views
    on media.source_relation = views.source_relation and media.media_id = views.media_id
