with traffic as (
    select
        reports.source_relation,
        reports.landing_page_id,
        {{ acton.acton_element('visited', 'json') }} as visited
    from {{ ref('stg_acton__landing_page_reports') }} as reports
    {{ acton.acton_elements('reports.incoming_traffic', 'visited') }}
),

visits as (
    select
        source_relation,
        landing_page_id,
        -- An empty label is written as that of a form's source is.
        coalesce({{ acton.acton_json_text('visited', 'source') }}, '(none)') as source,
        cast({{ acton.acton_json_text('visited', 'visits') }} as {{ acton.acton_type('integer') }}) as visits
    from traffic
),

sources as (
    select
        source_relation,
        landing_page_id,
        source,
        {{ acton.acton_total('visits') }} as visits
    from visits
    group by source_relation, landing_page_id, source
),

shares as (
    select
        *,
        sum(visits) over (partition by source_relation, landing_page_id) as page_visits
    from sources
)

select
    shares.source_relation,
    shares.landing_page_id,
    pages.landing_page_name,
    shares.source,
    shares.visits,
    {{ acton.acton_rate('shares.visits', 'shares.page_visits') }} as share
from shares
left join {{ ref('stg_acton__landing_pages') }} as pages
    on
        shares.source_relation = pages.source_relation
        and shares.landing_page_id = pages.landing_page_id
