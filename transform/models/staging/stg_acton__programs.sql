{{ acton_staging('programs') }}
