{{ acton_staging('sync_runs') }}
