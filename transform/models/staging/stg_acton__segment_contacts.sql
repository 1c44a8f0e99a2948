{{ acton_staging('segment_contacts') }}
