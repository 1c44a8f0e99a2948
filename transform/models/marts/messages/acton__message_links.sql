with links as (
    select
        source_relation,
        message_id,
        link_url,
        count(*) as clicks,
        count(distinct {{ acton_recipient_key() }}) as unique_clickers
    from {{ ref('stg_acton__message_events') }}
    where event_type = 'CLICKED' and link_url is not null
    group by source_relation, message_id, link_url
)

select
    source_relation,
    message_id,
    link_url,
    clicks,
    unique_clickers,
    {{ acton_rate('clicks', 'sum(clicks) over (partition by source_relation, message_id)') }} as share_of_clicks
from links
