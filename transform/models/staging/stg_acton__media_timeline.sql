{{ acton_staging('media_timeline') }}
