{{ acton_staging('message_events') }}
