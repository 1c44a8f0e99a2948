{{ acton_staging('media') }}
