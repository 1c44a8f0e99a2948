with totals as (
    select
        source_relation,
        form_id,
        {{ acton.acton_total('views') }} as views,
        {{ acton.acton_total('unique_visitors') }} as unique_visitors,
        {{ acton.acton_total('submits') }} as submits
    from {{ ref('stg_acton__form_reports') }}
    group by source_relation, form_id
)

select
    forms.source_relation,
    forms.form_id,
    forms.form_name,
    forms.folder_name,
    forms.description,
    forms.url,
    forms.created_at,
    forms.modified_at,
    totals.views,
    totals.unique_visitors,
    totals.submits,
    {{ acton.acton_rate('totals.submits', 'totals.views') }} as conversion_rate
from {{ ref('stg_acton__forms') }} as forms
left join totals
    on forms.source_relation = totals.source_relation and forms.form_id = totals.form_id
