{{ acton_staging('message_reports') }}
