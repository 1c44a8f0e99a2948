{{ acton_staging('images') }}
