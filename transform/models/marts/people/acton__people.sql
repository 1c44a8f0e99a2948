with segment_counts as (
    select
        contacts.source_relation,
        contacts.email,
        count(distinct members.segment_id) as segments
    from {{ ref('int_acton__segment_members') }} as members
    inner join {{ ref('acton__contacts') }} as contacts
        on
            members.source_relation = contacts.source_relation
            and members.contact_id = contacts.contact_id
    group by contacts.source_relation, contacts.email
),

people as (
    select
        source_relation,
        email,
        count(*) as contacts,
        count(distinct crm_id_15) as crm_records,
        max(score) as score,
        min(created_at) as created_at,
        max(lists) as lists,
        max(messages_sent) as messages_sent,
        max(messages_opened) as messages_opened,
        max(messages_clicked) as messages_clicked,
        max(last_sent_at) as last_sent_at,
        max(last_opened_at) as last_opened_at,
        max(last_clicked_at) as last_clicked_at,
        {{ acton_total('form_submissions') }} as form_submissions,
        max(webinars_attended) as webinars_attended,
        {{ acton_count_where('is_hard_bounced') }} > 0 as is_hard_bounced,
        {{ acton_count_where('is_opted_out') }} > 0 as is_opted_out,
        {{ acton_count_where('has_complained') }} > 0 as has_complained,
        {{ acton_count_where('is_mailable') }} > 0 as is_mailable,
        max(engagement) as engagement
    from {{ ref('acton__contacts') }}
    where email is not null
    group by source_relation, email
)

select
    people.source_relation,
    people.email,
    people.contacts,
    people.crm_records,
    people.score,
    people.created_at,
    people.lists,
    coalesce(segment_counts.segments, 0) as segments,
    people.messages_sent,
    people.messages_opened,
    people.messages_clicked,
    people.last_sent_at,
    people.last_opened_at,
    people.last_clicked_at,
    people.form_submissions,
    people.webinars_attended,
    people.is_hard_bounced,
    people.is_opted_out,
    people.has_complained,
    people.is_mailable,
    people.engagement
from people
left join segment_counts
    on
        people.source_relation = segment_counts.source_relation
        and people.email = segment_counts.email
