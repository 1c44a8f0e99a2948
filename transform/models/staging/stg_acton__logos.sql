{{ acton_staging('logos') }}
