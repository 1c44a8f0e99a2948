{{ acton_staging('contacts') }}
