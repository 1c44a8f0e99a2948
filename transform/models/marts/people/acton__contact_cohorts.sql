with contacts as (
    select
        source_relation,
        contact_id,
        email,
        {{ acton_period('month', acton_day('created_at', 'source_relation')) }} as cohort_month
    from {{ ref('acton__contacts') }}
    where created_at is not null
),

activities as (
    select distinct
        source_relation,
        contact_id,
        email,
        {{ acton_period('month', acton_day('occurred_at', 'source_relation')) }} as activity_month
    from {{ ref('acton__contact_timeline') }}
    where is_engagement
),

active_contacts as (
    select
        contacts.source_relation,
        contacts.cohort_month,
        activities.activity_month,
        contacts.contact_id
    from contacts
    inner join activities
        on contacts.source_relation = activities.source_relation and contacts.email = activities.email
    union distinct
    select
        contacts.source_relation,
        contacts.cohort_month,
        activities.activity_month,
        contacts.contact_id
    from contacts
    inner join activities
        on contacts.source_relation = activities.source_relation and contacts.contact_id = activities.contact_id
),

active_counts as (
    select
        source_relation,
        cohort_month,
        activity_month,
        count(*) as active_contacts
    from active_contacts
    group by source_relation, cohort_month, activity_month
),

cohorts as (
    select
        source_relation,
        cohort_month,
        count(*) as contacts
    from contacts
    group by source_relation, cohort_month
),

months as (
    select source_relation, cohort_month as activity_month from cohorts
    union distinct
    select source_relation, activity_month from activities
)

select
    cohorts.source_relation,
    cohorts.cohort_month,
    cast({{ dbt.datediff('cohorts.cohort_month', 'months.activity_month', 'month') }} as {{ acton.acton_type('integer') }}) as months_since,
    cohorts.contacts,
    coalesce(active_counts.active_contacts, 0) as active_contacts,
    {{ acton_rate('coalesce(active_counts.active_contacts, 0)', 'cohorts.contacts') }} as active_rate
from cohorts
inner join months
    on
        cohorts.source_relation = months.source_relation
        and cohorts.cohort_month <= months.activity_month
left join active_counts
    on
        cohorts.source_relation = active_counts.source_relation
        and cohorts.cohort_month = active_counts.cohort_month
        and months.activity_month = active_counts.activity_month
