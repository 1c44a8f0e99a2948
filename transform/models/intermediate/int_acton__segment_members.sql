select source_relation, segment_id, contact_id from {{ ref('stg_acton__segment_contacts') }}
union distinct
select source_relation, segment_id, contact_id from {{ ref('stg_acton__contact_segments') }}
