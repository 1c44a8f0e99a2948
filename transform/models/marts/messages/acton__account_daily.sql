with mailed as (
    select
        source_relation,
        {{ acton_day('sent_at', 'source_relation') }} as date_day,
        count(*) as sent,
        {{ acton_count_where('not was_bounced') }} as delivered,
        {{ acton_count_where('was_bounced') }} as bounced,
        {{ acton_count_where('not was_bounced and was_opened') }} as opened,
        {{ acton_count_where('not was_bounced and was_clicked') }} as clicked,
        {{ acton_count_where('not was_bounced and was_opted_out') }} as opted_out
    from {{ ref('int_acton__sendings') }}
    where was_sent
    group by source_relation, {{ acton_day('sent_at', 'source_relation') }}
),

happened as (
    select
        source_relation,
        date_day,
        {{ acton_total('sent') }} as sent,
        {{ acton_total('opens') }} as opened,
        {{ acton_total('clicks') }} as clicked,
        {{ acton_total('bounces') }} as bounced,
        {{ acton_total('opt_outs') }} as opted_out
    from {{ ref('acton__message_daily') }}
    group by source_relation, date_day
),

contacts as (
    select
        source_relation,
        {{ acton_day('created_at', 'source_relation') }} as date_day,
        count(*) as new_contacts
    from {{ ref('stg_acton__contacts') }}
    where created_at is not null
    group by source_relation, {{ acton_day('created_at', 'source_relation') }}
),

list_members as (
    select
        source_relation,
        {{ acton_day('created_at', 'source_relation') }} as date_day,
        count(*) as list_members_added
    from {{ ref('stg_acton__list_members') }}
    where created_at is not null
    group by source_relation, {{ acton_day('created_at', 'source_relation') }}
),

days as (
    select source_relation, date_day from {{ ref('stg_acton__message_daily_stats') }}
    union distinct
    select source_relation, date_day from happened
    union distinct
    select source_relation, date_day from contacts
    union distinct
    select source_relation, date_day from list_members
)

select
    days.source_relation,
    days.date_day,
    coalesce(stats.sent, happened.sent, 0) as sent,
    coalesce(stats.opened, happened.opened, 0) as opened,
    coalesce(stats.clicked, happened.clicked, 0) as clicked,
    coalesce(stats.bounced, happened.bounced, 0) as bounced,
    coalesce(stats.opted_out, happened.opted_out, 0) as opted_out,
    {{ acton_rate('mailed.delivered', 'mailed.sent') }} as delivery_rate,
    {{ acton_rate('mailed.bounced', 'mailed.sent') }} as bounce_rate,
    {{ acton_rate('mailed.opened', 'mailed.delivered') }} as open_rate,
    {{ acton_rate('mailed.clicked', 'mailed.delivered') }} as click_rate,
    {{ acton_rate('mailed.opted_out', 'mailed.delivered') }} as opt_out_rate,
    coalesce(contacts.new_contacts, 0) as new_contacts,
    coalesce(list_members.list_members_added, 0) as list_members_added
from days
left join {{ ref('stg_acton__message_daily_stats') }} as stats
    on days.source_relation = stats.source_relation and days.date_day = stats.date_day
left join mailed on days.source_relation = mailed.source_relation and days.date_day = mailed.date_day
left join happened on days.source_relation = happened.source_relation and days.date_day = happened.date_day
left join contacts on days.source_relation = contacts.source_relation and days.date_day = contacts.date_day
left join list_members on days.source_relation = list_members.source_relation and days.date_day = list_members.date_day
