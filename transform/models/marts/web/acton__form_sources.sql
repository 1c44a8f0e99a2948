with sources as (
    select
        *,
        sum(views) over (partition by source_relation, form_id) as form_views
    from {{ ref('stg_acton__form_reports') }}
)

select
    sources.source_relation,
    sources.form_id,
    forms.form_name,
    {{ acton.acton_day('forms.created_at', 'forms.source_relation') }} as form_created_on,
    sources.source,
    sources.views,
    sources.unique_visitors,
    sources.submits,
    {{ acton.acton_rate('sources.submits', 'sources.views') }} as conversion_rate,
    {{ acton.acton_rate('sources.views', 'sources.form_views') }} as share
from sources
left join {{ ref('stg_acton__forms') }} as forms
    on sources.source_relation = forms.source_relation and sources.form_id = forms.form_id
