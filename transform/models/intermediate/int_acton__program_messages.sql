select distinct
    programs.source_relation,
    programs.program_type,
    programs.program_id,
    {{ acton_element('listed') }} as message_id
from {{ ref('stg_acton__programs') }} as programs
{{ acton_elements('programs.message_ids', 'listed') }}
