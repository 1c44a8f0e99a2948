select
    source_relation,
    email,
    count(distinct case when was_sent then message_id end) as messages_sent,
    count(distinct case when was_opened then message_id end) as messages_opened,
    count(distinct case when was_clicked then message_id end) as messages_clicked,
    max(last_sent_at) as last_sent_at,
    max(last_opened_at) as last_opened_at,
    max(last_clicked_at) as last_clicked_at
from {{ ref('acton__message_recipients') }}
where email is not null
group by source_relation, email
