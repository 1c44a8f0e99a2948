{{ acton_staging('footer_details') }}
