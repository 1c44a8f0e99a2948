{{ acton_staging('header_details') }}
