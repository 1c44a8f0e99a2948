with records as (
    select distinct
        source_relation,
        crm_object,
        crm_id,
        crm_id_15,
        contact_id,
        case when contact_id is null then list_contact_id end as list_contact_id
    from {{ ref('acton__crm_keys') }}
),

-- A submission may be in the history of the contact and in that of a list row, and nothing marks the two as one.
records_with_history as (
    select distinct
        records.source_relation,
        records.crm_id_15
    from records
    inner join {{ ref('int_acton__contact_entries') }} as entries
        on
            records.source_relation = entries.source_relation
            and records.contact_id = entries.contact_id
),

entries as (
    select
        records.*,
        entries.activity_id,
        entries.activity_at,
        entries.verb,
        entries.verb_name,
        entries.object_id,
        entries.what
    from records
    inner join {{ ref('int_acton__contact_entries') }} as entries
        on
            records.source_relation = entries.source_relation
            and records.contact_id = entries.contact_id
    union all
    select
        records.*,
        entries.activity_id,
        entries.activity_at,
        entries.verb,
        entries.verb_name,
        entries.object_id,
        entries.what
    from records
    inner join {{ ref('stg_acton__contact_activities') }} as entries
        on
            records.source_relation = entries.source_relation
            and records.list_contact_id = entries.list_contact_id
    left join records_with_history
        on
            records.source_relation = records_with_history.source_relation
            and records.crm_id_15 = records_with_history.crm_id_15
    where records_with_history.crm_id_15 is null
)

select
    entries.source_relation,
    entries.activity_id,
    entries.crm_object,
    entries.crm_id,
    entries.crm_id_15,
    entries.contact_id,
    entries.list_contact_id,
    entries.activity_at as submitted_at,
    entries.verb_name,
    entries.object_id as form_id,
    forms.form_name,
    entries.what
from entries
left join {{ ref('stg_acton__forms') }} as forms
    on
        entries.source_relation = forms.source_relation
        and entries.object_id = forms.form_id
where entries.verb in ('fs', 'fu')
