{{ acton_staging('lists') }}
