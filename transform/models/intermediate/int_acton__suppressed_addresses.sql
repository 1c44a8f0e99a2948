select
    source_relation,
    email,
    max(case when reason = 'hard_bounce' then 1 else 0 end) = 1 as is_hard_bounced,
    max(case when reason = 'spam_complaint' then 1 else 0 end) = 1 as has_complained,
    max(case when reason = 'opt_out' then 1 else 0 end) = 1 as is_opted_out,
    max(case when reason = 'category_opt_out' then 0 else 1 end) = 0 as is_mailable
from {{ ref('acton__suppressions') }}
group by source_relation, email
