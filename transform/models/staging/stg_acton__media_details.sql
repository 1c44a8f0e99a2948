{{ acton_staging('media_details') }}
