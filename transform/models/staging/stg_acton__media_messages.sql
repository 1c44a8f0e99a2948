{{ acton_staging('media_messages') }}
