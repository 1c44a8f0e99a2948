{{ acton_staging('media_views') }}
