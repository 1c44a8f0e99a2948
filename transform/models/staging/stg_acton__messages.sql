{{ acton_staging('messages') }}
