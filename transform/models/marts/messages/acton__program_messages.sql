select
    listed.source_relation,
    listed.program_type,
    listed.program_id,
    programs.program_name,
    listed.message_id,
    known.message_name,
    known.message_type,
    messages.sent,
    messages.delivered,
    messages.opened_unique,
    messages.clicked_unique,
    messages.open_rate,
    messages.click_rate,
    messages.click_to_open_rate
from {{ ref('int_acton__program_messages') }} as listed
inner join {{ ref('stg_acton__programs') }} as programs
    on
        listed.source_relation = programs.source_relation
        and listed.program_type = programs.program_type
        and listed.program_id = programs.program_id
left join {{ ref('stg_acton__messages') }} as known
    on
        listed.source_relation = known.source_relation
        and listed.message_id = known.message_id
left join {{ ref('acton__messages') }} as messages
    on
        listed.source_relation = messages.source_relation
        and listed.message_id = messages.message_id
