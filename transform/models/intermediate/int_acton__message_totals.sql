select
    source_relation,
    message_id,
    {{ acton_total('sends') }} as sent,
    {{ acton_total('case when sends > bounces then sends - bounces else 0 end') }} as delivered,
    {{ acton_total('bounces') }} as bounced,
    {{ acton_total('hard_bounces') }} as hard_bounced,
    {{ acton_total('soft_bounces') }} as soft_bounced,
    {{ acton_count_where('was_opened') }} as opened_unique,
    {{ acton_total('opens') }} as opened_total,
    {{ acton_count_where('was_clicked') }} as clicked_unique,
    {{ acton_total('clicks') }} as clicked_total,
    {{ acton_total('suppressions') }} as suppressed,
    {{ acton_total('opt_outs') }} as opted_out,
    {{ acton_total('complaints') }} as complained,
    min(first_opened_at) as first_opened_at,
    max(last_opened_at) as last_opened_at,
    max(last_clicked_at) as last_clicked_at,
    avg(minutes_to_open) as average_minutes_to_open
from {{ ref('acton__message_recipients') }}
group by source_relation, message_id
