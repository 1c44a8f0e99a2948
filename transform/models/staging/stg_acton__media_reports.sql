{{ acton_staging('media_reports') }}
