{{ acton_staging('landing_pages') }}
