with recipients as (
    select
        recipients.source_relation,
        {{ acton_period('week', acton_day('recipients.sent_at', 'recipients.source_relation')) }} as date_week,
        messages.message_type,
        coalesce(recipients.email, recipients.list_contact_id) as person,
        -- Whoever has clicked has opened, also where the picture that counts opens was not loaded.
        case
            when recipients.was_clicked then 4
            when recipients.was_opened then 3
            when recipients.was_delivered then 2
            else 1
        end as last_step
    from {{ ref('acton__message_recipients') }} as recipients
    inner join {{ ref('acton__messages') }} as messages
        on
            recipients.source_relation = messages.source_relation
            and recipients.message_id = messages.message_id
    where recipients.was_sent
),

steps as (
    select 1 as step_number, 'sent' as step
    union all
    select 2 as step_number, 'delivered' as step
    union all
    select 3 as step_number, 'opened' as step
    union all
    select 4 as step_number, 'clicked' as step
),

counted as (
    select
        recipients.source_relation,
        recipients.date_week,
        recipients.message_type,
        steps.step_number,
        steps.step,
        count(distinct case when recipients.last_step >= steps.step_number then recipients.person end) as people
    from recipients
    cross join steps
    group by
        recipients.source_relation, recipients.date_week, recipients.message_type, steps.step_number, steps.step
)

select
    source_relation,
    date_week,
    message_type,
    step_number,
    step,
    people,
    {{ acton_rate(
        'people',
        'lag(people) over (partition by source_relation, date_week, message_type order by step_number)'
    ) }} as share_of_previous,
    {{ acton_rate(
        'people',
        'first_value(people) over (partition by source_relation, date_week, message_type order by step_number'
        ~ ' rows between unbounded preceding and current row)'
    ) }} as share_of_first
from counted
