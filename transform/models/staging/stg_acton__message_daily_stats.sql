{{ acton_staging('message_daily_stats') }}
