with sums as (
    select
        source_relation,
        program_type,
        program_id,
        count(*) as messages,
        {{ acton_total('sent') }} as sent,
        {{ acton_total('delivered') }} as delivered,
        {{ acton_total('opened_unique') }} as opened_unique,
        {{ acton_total('clicked_unique') }} as clicked_unique
    from {{ ref('acton__program_messages') }}
    group by source_relation, program_type, program_id
)

select
    programs.source_relation,
    programs.program_type,
    programs.program_id,
    programs.program_name,
    programs.folder_name,
    programs.state,
    programs.active as active_contacts,
    programs.created_at,
    programs.modified_at,
    coalesce(sums.messages, 0) as messages,
    sums.sent,
    sums.delivered,
    sums.opened_unique,
    sums.clicked_unique,
    {{ acton_rate('sums.opened_unique', 'sums.delivered') }} as open_rate,
    {{ acton_rate('sums.clicked_unique', 'sums.delivered') }} as click_rate,
    {{ acton_rate('sums.clicked_unique', 'sums.opened_unique') }} as click_to_open_rate
from {{ ref('stg_acton__programs') }} as programs
left join sums
    on
        programs.source_relation = sums.source_relation
        and programs.program_type = sums.program_type
        and programs.program_id = sums.program_id
