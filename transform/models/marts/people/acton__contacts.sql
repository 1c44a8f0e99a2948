with list_counts as (
    select
        source_relation,
        email,
        count(distinct list_id) as lists
    from {{ ref('stg_acton__list_members') }}
    group by source_relation, email
),

segment_counts as (
    select
        source_relation,
        contact_id,
        count(*) as segments
    from {{ ref('int_acton__segment_members') }}
    group by source_relation, contact_id
),

form_counts as (
    select
        source_relation,
        contact_id,
        count(*) as form_submissions
    from {{ ref('int_acton__contact_entries') }}
    where verb in ('fs', 'fu')
    group by source_relation, contact_id
),

webinar_counts as (
    select
        source_relation,
        email,
        count(distinct webinar_id) as webinars_attended
    from {{ ref('acton__webinar_attendance') }}
    where has_attended
    group by source_relation, email
),

counted as (
    select
        contacts.source_relation,
        contacts.contact_id,
        contacts.email,
        contacts.first_name,
        contacts.last_name,
        contacts.company,
        contacts.list_contact_id,
        contacts.object_type as crm_object,
        contacts.external_id as crm_id,
        {{ acton_crm_id_15('contacts.external_id') }} as crm_id_15,
        contacts.acton_primary_score as score,
        contacts.created_at,
        {{ acton_day('contacts.created_at', 'contacts.source_relation') }} as created_on,
        contacts.updated_at,
        {% for _, column, _ in acton_added_columns('contacts') -%}
        contacts.{{ column }},
        {% endfor -%}
        coalesce(list_counts.lists, 0) as lists,
        coalesce(segment_counts.segments, 0) as segments,
        coalesce(engagement.messages_sent, 0) as messages_sent,
        coalesce(engagement.messages_opened, 0) as messages_opened,
        coalesce(engagement.messages_clicked, 0) as messages_clicked,
        engagement.last_sent_at,
        engagement.last_opened_at,
        engagement.last_clicked_at,
        coalesce(form_counts.form_submissions, 0) as form_submissions,
        coalesce(webinar_counts.webinars_attended, 0) as webinars_attended,
        coalesce(suppressed.is_hard_bounced, false) as is_hard_bounced,
        coalesce(suppressed.is_opted_out, false) as is_opted_out,
        coalesce(suppressed.has_complained, false) as has_complained
    from {{ ref('stg_acton__contacts') }} as contacts
    left join list_counts
        on
            contacts.source_relation = list_counts.source_relation
            and contacts.email = list_counts.email
    left join segment_counts
        on
            contacts.source_relation = segment_counts.source_relation
            and contacts.contact_id = segment_counts.contact_id
    left join {{ ref('int_acton__email_engagement') }} as engagement
        on
            contacts.source_relation = engagement.source_relation
            and contacts.email = engagement.email
    left join form_counts
        on
            contacts.source_relation = form_counts.source_relation
            and contacts.contact_id = form_counts.contact_id
    left join webinar_counts
        on
            contacts.source_relation = webinar_counts.source_relation
            and contacts.email = webinar_counts.email
    left join {{ ref('int_acton__suppressed_addresses') }} as suppressed
        on
            contacts.source_relation = suppressed.source_relation
            and contacts.email = suppressed.email
)

select
    counted.*,
    counted.email is not null
    and not (counted.is_hard_bounced or counted.is_opted_out or counted.has_complained) as is_mailable,
    case
        when
            counted.last_opened_at >= {{ acton_engaged_since() }}
            or counted.last_clicked_at >= {{ acton_engaged_since() }}
            then 'engaged'
        -- The sending may be from before the first day that was loaded.
        when counted.messages_opened > 0 or counted.messages_clicked > 0 then 'lapsed'
        when counted.messages_sent > 0 then 'never engaged'
        else 'never mailed'
    end as engagement
from counted
