{{ acton_staging('message_contents') }}
